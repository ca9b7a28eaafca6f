package backoff_test

import (
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork/internal/backoff"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	errOne = errors.New("one")
	policy = backoff.Policy{First: 2 * time.Second, Most: time.Minute}
)

func TestPolicy_After(t *testing.T) {
	for failures, least := range map[int]time.Duration{
		1: 2 * time.Second, 2: 4 * time.Second, 3: 8 * time.Second, 5: 32 * time.Second, 6: time.Minute, 7: time.Minute, 1 << 30: time.Minute,
	} {
		for range 100 {
			got := policy.After(failures)
			require.GreaterOrEqual(t, got, least)
			require.LessOrEqual(t, got, least+least/4)
		}
	}
	assert.Equal(t, policy.First, policy.After(1), "the first is no longer than it says")
	assert.Equal(t, time.Minute, backoff.Policy{First: time.Minute, Most: time.Minute}.After(1))
}

func TestTable_PausesGrowAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table backoff.Table
		paused := func(key, about string) error { err, _ := table.Paused(key, about); return err }
		require.NoError(t, paused("a", "x"))

		pause, failures := table.Failed("a", "x", policy, errOne)
		require.Equal(t, 2*time.Second, pause)
		require.Equal(t, 1, failures)
		time.Sleep(pause - time.Nanosecond)
		require.Equal(t, errOne, paused("a", "x"))
		require.NoError(t, paused("b", "x"), "another key")
		require.NoError(t, paused("a", "y"), "news")
		time.Sleep(time.Nanosecond)
		require.NoError(t, paused("a", "x"))

		pause, failures = table.Failed("a", "x", policy, errOne)
		require.Equal(t, 2, failures)
		require.GreaterOrEqual(t, pause, 4*time.Second)
		_, failures = table.Failed("a", "y", policy, errOne)
		require.Equal(t, 1, failures, "about something else")

		table.Heard("a", "y", 4)
		require.NoError(t, paused("a", "y"), "who has heard asks the one it heard from")
		_, failures = table.Failed("a", "y", policy, errOne)
		require.Equal(t, 5, failures)
		table.Heard("a", "y", 3)
		require.Equal(t, errOne, paused("a", "y"), "what it knows better")

		table.End("a")
		err, ended := table.Paused("a", "y")
		require.NoError(t, err)
		require.True(t, ended)
		_, failures = table.Failed("a", "y", policy, errOne)
		require.Equal(t, 1, failures)
		_, ended = table.Paused("a", "y")
		require.False(t, ended, "once")

		table.Succeeded("a")
		require.Zero(t, table.Len())
	})
}

func TestTable_IsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table backoff.Table
		for i := range 20_000 {
			table.Failed(strconv.Itoa(i), "", policy, errOne)
		}
		require.Equal(t, 1<<14, table.Len())
		err, _ := table.Paused("19999", "")
		require.Equal(t, errOne, err, "the last one is among them")
		time.Sleep(16 * time.Minute)
		table.Failed("x", "", policy, errOne)
		require.Equal(t, 1, table.Len())
	})
}
