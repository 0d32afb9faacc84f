package main

import (
	"context"
	"errors"
	"log"
	"os"
	"time"
)

// runAll starts what belongs together and ends it in the opposite order: the Redis server, unless
// there is one already, the worker, and the web server, which is this process.
func runAll(ctx context.Context, redisURL string) error {
	serving, stop := context.WithCancel(ctx)
	defer stop()
	if redisURL == "" {
		redis, err := startRedis(ctx)
		if err != nil {
			return err
		}
		defer redis.end()
		redisURL = redis.url
		go func() {
			<-redis.ended // if that is before its time, nothing else can go on
			stop()
		}()
	}
	endWorker, err := keepWorker(redisURL)
	if err != nil {
		return err
	}
	defer endWorker()
	err = runServer(serving, redisURL)
	if err == nil && ctx.Err() == nil {
		err = errors.New("the Redis server has ended")
	}
	return err
}

// keepWorker runs a worker, and the next one when it dies, as what supervises processes on a real
// server does. The function that it returns ends it.
func keepWorker(redisURL string) (end func(), err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			worker := newChild(ctx, program, "worker")
			worker.Env = append(worker.Environ(), "REDIS_URL="+redisURL)
			err := worker.Run()
			if ctx.Err() != nil {
				return
			}
			log.Printf("The worker has ended (%v). Another one starts in a second.", err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-over
	}, nil
}
