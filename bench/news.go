package main

import (
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/redistest"
)

// newsTime measures what a process with Config.KnownFor pays for the messages that other processes
// add. Redis tells it of each of them, however many processes there are.
func newsTime(b *bench) {
	b.scope(func() {
		server := redistest.Start(b)
		web := b.startWeb(oursCookieKnown, server, 10*time.Second)
		client := patientClient(server)
		const perSecond, tick = 10_000, 10 * time.Millisecond
		tell := func() {
			_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
				for i := range perSecond * int(tick) / int(time.Second) {
					p.Publish(ctx, "flash:shop:wake",
						fmt.Sprintf("flash:shop:{%022d}:/orders/5", i))
				}
				return nil
			})
			b.must(err)
		}
		var shares []float64
		measure := func(do func()) float64 {
			before, start := web.processorTime(), time.Now()
			for ticks := time.NewTicker(tick); time.Since(start) <
				pick(b.short, 200*time.Millisecond, 2*time.Second); {
				<-ticks.C
				do()
			}
			return 100 * (web.processorTime() - before) / micros(time.Since(start))
		}
		for round := range pick(b.short, 2, 11) {
			quiet, news := measure(func() {}), measure(tell)
			if round > 0 {
				shares = append(shares, news-quiet)
			}
		}
		share := median(shares)
		b.row(fmt.Sprintf("KnownFor: a process, for %d messages a second of others", perSecond),
			fmt.Sprintf("%.1f %% of a processor", share), "≤ 5 %", share <= 5)
	})
}
