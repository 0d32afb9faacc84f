package main

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/redistest"
)

// trouble makes something happen every few seconds. In a short run each fault happens once.
func (r *longRun) trouble(until context.Context, length time.Duration) {
	faults := []struct {
		name   string
		weight int
		happen func()
	}{
		{"scripts forgotten", 8, func() {
			r.asAdmin(func(admin *redis.Client) { _ = admin.ScriptFlush(ctx).Err() })
		}},
		{"connections cut", 6, func() {
			r.asAdmin(func(admin *redis.Client) {
				_ = admin.Do(ctx, "client", "kill", "type", "normal", "skipme", "yes").Err()
			})
		}},
		{"memory full", 4, func() {
			r.limitMemory("1", time.Duration(rand.IntN(1000))*time.Millisecond)
		}},
		{"keys evicted", 1, r.evict},
		{"stands still", 4, func() {
			r.master.Pause()
			time.Sleep(time.Duration(100+rand.IntN(2900)) * time.Millisecond)
			r.master.Resume()
		}},
		{"killed and restarted", 2, func() {
			r.outage(func() { r.master.Kill(); r.master.Restart() })
		}},
		{"planned failover", 1, r.planFailover},
		{"failover, master dead", 1, r.loseMaster},
		{"clock jumps", 2, r.jump},
		{"web server killed", 2, r.killWebServer},
	}
	happen := func(i int) {
		started := r.book.now()
		faults[i].happen()
		fmt.Fprintf(os.Stderr, "%.2f to %.2f s: %s\n", started.Seconds(), r.book.now().Seconds(),
			faults[i].name)
		r.mu.Lock()
		r.faults[faults[i].name]++
		r.mu.Unlock()
	}
	if r.b.short {
		for i := range faults {
			happen(i)
		}
		return
	}
	all := 0
	for _, f := range faults {
		all += f.weight
	}
	for until.Err() == nil {
		time.Sleep(time.Duration(rand.IntN(5000)) * time.Millisecond)
		i := 0
		for chance := rand.IntN(all); chance >= faults[i].weight; i++ {
			chance -= faults[i].weight
		}
		happen(i)
	}
}

// outage calls do, while Redis is away. If that is so for too long, it excuses what was shown
// before and could not be confirmed until its lease had ended.
func (r *longRun) outage(do func()) {
	started := r.book.now()
	do()
	if away := r.book.now() - started; away > longLease/2 {
		fmt.Fprintf(os.Stderr, "Redis was away for %v\n", away)
		r.excuseShown(started-longLease, -1)
	}
}

// excuseShown lets messages be shown again that were shown since then, by a process or by any (-1).
func (r *longRun) excuseShown(since time.Duration, by int) {
	r.book.recent(0, func(_ int, n *note) { // some wait for long while Redis is away
		if n.times > 0 && n.shown >= since && (by < 0 || int(n.by) == by) {
			n.mayRepeat = true
		}
	})
}

// asAdmin calls do with a client of the master.
func (r *longRun) asAdmin(do func(*redis.Client)) { r.asAdminOf(r.master.Addr(), do) }

// limitMemory sets maxmemory for a while.
func (r *longRun) limitMemory(limit string, while time.Duration) {
	r.asAdmin(func(admin *redis.Client) {
		r.must("trouble", func() error { return admin.ConfigSet(ctx, "maxmemory", limit).Err() })
		time.Sleep(while)
		r.must("trouble", func() error { return admin.ConfigSet(ctx, "maxmemory", "0").Err() })
	})
}

// evict makes the server evict keys, and excuses what becomes of their messages.
func (r *longRun) evict() {
	r.asAdmin(func(admin *redis.Client) {
		told := admin.PSubscribe(ctx, "__keyevent@*__:evicted")
		defer told.Close()
		_, err := told.Receive(ctx)
		r.b.must(err)
		gone := map[place]bool{}
		hear := told.Channel(redis.WithChannelSize(100_000))
		r.b.must(admin.ConfigSet(ctx, "maxmemory-policy", "volatile-ttl").Err())
		used := int64(r.b.info(admin, "memory", "used_memory"))
		r.limitMemory(fmt.Sprint(used-20_000), 300*time.Millisecond)
		r.b.must(admin.ConfigSet(ctx, "maxmemory-policy", "noeviction").Err())
		for heard := true; heard; {
			select {
			case event := <-hear:
				r.evicted++
				if where, ok := r.keys[event.Payload]; ok {
					gone[where] = true
				}
			case <-time.After(200 * time.Millisecond):
				heard = false
			}
		}
		r.book.recent(0, func(_ int, n *note) {
			if gone[place{int(n.user), int(n.view)}] {
				n.mayBeLost = n.times == 0
				n.mayRepeat = true
			}
		})
	})
}

// planFailover puts the replica in the master's place without losing anything: it stops writes,
// waits until the replica has all of them, and does not wait for the sentinels to tell the old
// master.
func (r *longRun) planFailover() {
	r.await("the replica follows", r.follows)
	r.outage(func() {
		r.asAdmin(func(admin *redis.Client) {
			r.must("trouble", func() error {
				return admin.Do(ctx, "client", "pause", "60000", "write").Err()
			})
		})
		r.await("the replica has all", func() bool {
			return r.offsetOf(r.replica) >= r.offsetOf(r.master)
		})
		r.failOver()
		r.asAdminOf(r.replica.Addr(), func(old *redis.Client) {
			r.follow(old)
			r.must("trouble", func() error { return old.Do(ctx, "client", "unpause").Err() })
		})
	})
}

// offsetOf returns how much of what was written a server has.
func (r *longRun) offsetOf(server *redistest.Server) (offset float64) {
	r.asAdminOf(server.Addr(), func(client *redis.Client) {
		offset = r.b.info(client, "replication", "master_repl_offset")
	})
	return offset
}

// follow makes a server a replica of the master.
func (r *longRun) follow(server *redis.Client) {
	host, port, _ := strings.Cut(r.master.Addr(), ":")
	r.must("trouble", func() error { return server.SlaveOf(ctx, host, port).Err() })
}

// loseMaster kills the master, and lets the replica take over. What the replica did not have is
// excused.
func (r *longRun) loseMaster() {
	r.await("the replica follows", r.follows)
	r.outage(func() {
		killed := r.book.now()
		r.master.Kill()
		time.Sleep(300 * time.Millisecond) // pages that were on their way have arrived
		has := r.compareWithReplica(killed)
		r.failOver()
		r.book.recent(killed-longPatience, func(number int, n *note) {
			if n.times > 0 && has[number] { // shown by a page that was still on its way
				n.mayRepeat = true
			}
		})
	})
	restarted := r.book.now()
	r.replica.Restart()
	r.asAdminOf(r.replica.Addr(), func(admin *redis.Client) {
		// It takes itself for the master, and so may some clients: what they write there is lost.
		r.must("trouble", func() error {
			return admin.Do(ctx, "client", "pause", "5000", "write").Err()
		})
		astray := r.messagesOn(admin)
		r.follow(admin)
		r.asAdmin(func(master *redis.Client) {
			has := r.messagesOn(master)
			r.book.recent(0, func(number int, n *note) {
				n.mayBeLost = n.mayBeLost || astray[number] && !has[number] && n.times == 0
			})
		})
	})
	r.excuseShown(restarted, -1)
}

// failOver puts the replica in the master's place.
func (r *longRun) failOver() {
	r.b.must(r.b.orderFailover(r.servers))
	r.await("the replica is the master", func() bool { return r.roleOf(r.replica) == "master" })
	r.master, r.replica = r.replica, r.master
}

// compareWithReplica excuses what the replica does not know: messages that it does not have, and
// that messages were shown that it still has. It returns those that it has.
func (r *longRun) compareWithReplica(killed time.Duration) (has map[int]bool) {
	r.asAdminOf(r.replica.Addr(), func(admin *redis.Client) { has = r.messagesOn(admin) })
	r.book.recent(killed-longPatience, func(number int, n *note) {
		switch {
		case n.times > 0 && has[number]:
			n.mayRepeat = true
		case n.times == 0 && !has[number]:
			n.mayBeLost = true
		}
	})
	return has
}

// messagesOn returns the messages that a server has.
func (r *longRun) messagesOn(server *redis.Client) map[int]bool {
	has := map[int]bool{}
	keys := server.Scan(ctx, 0, "flash:shop:*", 1000).Iterator()
	for keys.Next(ctx) {
		for _, z := range server.ZRangeWithScores(ctx, keys.Val(), 0, -1).Val() {
			member := z.Member.(string)
			if strings.HasPrefix(member, "~") {
				continue
			}
			if number, ok := numberOf(textInMember(member)); ok {
				has[number] = true
			}
		}
	}
	r.b.must(keys.Err())
	return has
}

// longPatience is longer than a message waits.
const longPatience = 2 * time.Minute

// textInMember returns the text of a message in an entry.
func textInMember(member string) string {
	_, text, _ := strings.Cut(member, `"text":"`)
	text, _, _ = strings.Cut(text, `"`)
	return text
}

func (r *longRun) asAdminOf(addr string, do func(*redis.Client)) {
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	do(client)
}

func (r *longRun) roleOf(server *redistest.Server) (role string) {
	r.asAdminOf(server.Addr(), func(client *redis.Client) {
		answer, _ := client.Do(ctx, "role").Slice()
		if len(answer) > 0 {
			role, _ = answer[0].(string)
		}
	})
	return role
}

// follows reports whether the replica follows the master, and the sentinel that is asked for
// failovers knows it.
func (r *longRun) follows() (yes bool) {
	known, err := r.sentinel.Replicas(ctx, redistest.MasterName).Result()
	if err != nil || len(known) != 1 || known[0]["master-link-status"] != "ok" ||
		known[0]["flags"] != "slave" {
		return false
	}
	r.asAdminOf(r.replica.Addr(), func(client *redis.Client) {
		answer, _ := client.Do(ctx, "role").Slice()
		yes = len(answer) > 3 && answer[0] == "slave" && answer[3] == "connected" &&
			r.master.Addr() == fmt.Sprintf("%s:%d", answer[1], answer[2])
	})
	return yes
}

// await polls until done returns true.
func (r *longRun) await(what string, done func() bool) {
	for started := time.Now(); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Since(started) > time.Minute {
			r.b.Fatalf("%s: not within a minute", what)
		}
	}
}

// jump moves the clock of the Redis servers, by up to an hour in either direction.
func (r *longRun) jump() {
	if r.clock == nil {
		return
	}
	jumps := []time.Duration{
		0, 0, time.Second, time.Minute, time.Hour, -time.Second, -time.Minute, -time.Hour,
	}
	before := r.book.now()
	r.clock.set(jumps[rand.IntN(len(jumps))])
	time.Sleep(2 * time.Second) // pages that were on their way have arrived
	r.excuseShown(before-2*time.Second, -1)
}

// killWebServer kills the last one, and starts it again. It may not have confirmed what it has just
// shown.
func (r *longRun) killWebServer() {
	const last = longProcesses - 1
	r.ask(last, false) // what it has reported
	before := r.book.now()
	r.mu.RLock()
	victim := r.processes[last]
	r.mu.RUnlock()
	r.b.must(victim.cmd.Process.Kill())
	time.Sleep(time.Duration(rand.IntN(3000)) * time.Millisecond)
	r.excuseShown(before-longLease/2, last) // its confirmations may have waited for Redis
	r.launch(last)
}

//go:embed clock/clock.c
var clockSource []byte

// A movedClock is that of the Redis servers, which differs from the system's.
type movedClock struct {
	b    *bench
	file string
}

// moveClock makes the servers that are started from now on have a clock of their own, but not the
// sentinels, which stop working if it jumps. Without a C compiler it says so, and returns nil.
func (b *bench) moveClock() *movedClock {
	server, err := exec.LookPath(redisServer())
	b.must(err)
	dir := b.TempDir()
	source, library := filepath.Join(dir, "clock.c"), filepath.Join(dir, "clock.so")
	c := &movedClock{b, filepath.Join(dir, "ahead")}
	b.must(os.WriteFile(source, clockSource, 0o600))
	out, err := exec.Command("cc", "-shared", "-fPIC", "-O2", "-o", library, source).
		CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "the clock does not jump: %v\n%s", err, out)
		return nil
	}
	c.set(0)
	script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *--sentinel*) exec '%s' \"$@\";; esac\n"+
		"FLASHGIN_CLOCK='%s' LD_PRELOAD='%s' exec '%s' \"$@\"\n", server, c.file, library, server)
	start := filepath.Join(dir, "redis-server")
	b.must(os.WriteFile(start, []byte(script), 0o700))
	b.must(os.Setenv("REDIS_SERVER", start))
	return c
}

// set says by how much the clock is ahead. It writes in place, because the servers have mapped the
// file.
func (c *movedClock) set(ahead time.Duration) {
	file, err := os.OpenFile(c.file, os.O_CREATE|os.O_WRONLY, 0o600)
	c.b.must(err)
	defer file.Close()
	_, err = file.Write(binary.NativeEndian.AppendUint64(nil, uint64(int64(ahead/time.Second))))
	c.b.must(err)
}
