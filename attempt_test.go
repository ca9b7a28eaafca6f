package openwork_test

import (
	"context"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

func TestAttempt_OfAnyEngine(t *testing.T) {
	t.Parallel()
	t.Run("an engine that says nothing of attempts", func(t *testing.T) {
		seen := &observations{}
		f := newFixture(t, seen.watch)
		require.NoError(t, f.Process(context.Background(), delivered(testCorp, "1")))
		require.Equal(t, 1, seen.take()[0].Attempt)
	})
	t.Run("an engine that counts", func(t *testing.T) {
		seen := &observations{}
		f := newFixture(t, seen.watch)
		ctx := openwork.WithAttempt(context.Background(), openwork.Attempt{Number: 5, Most: 25, Next: time.Hour})
		f.slow(0, errAway)
		require.Error(t, f.Process(ctx, delivered(testCorp, "1")))
		require.Equal(t, 5, seen.take()[0].Attempt)
		require.Contains(t, f.log.String(), "attempt=5 next_in=1h0m0s")
	})
}
