package openworktest_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// When a push is answered, its worker is done.
func TestInlineQueue_BehindAServer(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		queue := openworktest.NewInlineQueue()
		config := suite.Config()
		config.Queue = queue
		server, err := openwork.NewServer(config)
		require.NoError(t, err)
		var handled []string
		var failure error
		server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			if _, ok := msg.Context().Deadline(); ok {
				t.Error("a worker has no time limit")
			}
			time.Sleep(100 * time.Millisecond)
			handled = append(handled, msg.Name())
			return openwork.Success, failure
		})
		queue.Start(server.Process)
		suite.DeliverTo(server)
		corp := install(t, suite)
		assert.Equal(t, []string{"create_auth"}, handled)
		require.NoError(t, queue.Err())

		failure = errors.New("the database is down")
		requireAccepted(t)(corp.Push(t.Context(), &event.CreateUser{UserID: "lisi"}))
		assert.Len(t, handled, 2, "WeCom is not told, and the delivery is not tried again")
		require.ErrorIs(t, queue.Err(), failure)
		require.NoError(t, queue.Shutdown(t.Context()))
		answer, err := corp.Push(t.Context(), &event.CreateUser{UserID: "lisi2"})
		require.NoError(t, err)
		assert.Equal(t, 500, answer.Status)
	})
}

// A handler that takes longer than an Enqueue may goes on after the answer.
func TestInlineQueue_SlowHandler(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		queue := openworktest.NewInlineQueue()
		config := suite.Config()
		config.Queue = queue
		server, err := openwork.NewServer(config)
		require.NoError(t, err)
		var handled atomic.Int64
		server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			time.Sleep(time.Minute)
			handled.Add(1)
			return next(msg)
		})
		queue.Start(server.Process)
		suite.DeliverTo(server)
		corp := install(t, suite)
		assert.Zero(t, handled.Load())
		assert.Equal(t, 1, queue.Depth())
		assert.Equal(t, 1, server.Health(t.Context()).QueueDepth)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, queue.Shutdown(ctx), context.DeadlineExceeded)
		require.NoError(t, queue.Shutdown(t.Context()), "which waits")
		assert.Equal(t, int64(1), handled.Load())
		require.NoError(t, queue.Err())
		assert.Zero(t, queue.Depth())
		assert.NotEmpty(t, corp.ID())
	})
}

func TestInlineQueue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		ctx := t.Context()
		queue := openworktest.NewInlineQueue()
		var handled []string
		require.NoError(t, queue.Enqueue(ctx, openwork.Delivery{ID: "1", Name: "before"}))
		require.NoError(t, queue.Enqueue(ctx, openwork.Delivery{ID: "1", Name: "a copy of it"}))
		require.NoError(t, queue.Enqueue(ctx, openwork.Delivery{Name: "without an ID"}))
		require.NoError(t, queue.Enqueue(ctx, openwork.Delivery{Name: "without an ID"}))
		assert.Equal(t, 3, queue.Depth())
		queue.Start(func(ctx context.Context, d openwork.Delivery) error {
			handled = append(handled, d.Name)
			switch d.Name {
			case "copies":
				assert.NoError(t, queue.Enqueue(ctx, d), "it is at hand, so it counts as taken")
			case "panics":
				panic("a bug of mine")
			case "ends":
				runtime.Goexit()
			}
			return nil
		})
		assert.Equal(t, []string{"before", "without an ID", "without an ID"}, handled)
		for _, name := range []string{"copies", "panics", "ends", "again"} {
			handled = nil
			require.NoError(t, queue.Enqueue(ctx, openwork.Delivery{ID: "2", Name: name}))
			assert.Equal(t, []string{name}, handled)
		}
		require.ErrorContains(t, queue.Err(), "a bug of mine")
		require.ErrorContains(t, queue.Err(), "ended its goroutine")
		assert.Zero(t, queue.Depth())

		ended, cancel := context.WithCancel(ctx)
		cancel()
		handled = nil
		require.ErrorIs(t, queue.Enqueue(ended, openwork.Delivery{ID: "3"}), context.Canceled)
		assert.Empty(t, handled)
		assert.Panics(t, func() { queue.Start(func(context.Context, openwork.Delivery) error { return nil }) })
		assert.Panics(t, func() { openworktest.NewInlineQueue().Start(nil) })
		require.NoError(t, queue.Shutdown(ctx))
		require.ErrorIs(t, queue.Enqueue(ctx, openwork.Delivery{ID: "4"}), openwork.ErrQueueClosed)
	})
}
