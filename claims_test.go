package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest/cachetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMemoryCache_ClaimerContract(t *testing.T) {
	t.Parallel()
	cachetest.RunClaimer(t, openwork.NewMemoryCache(), time.Sleep)
}

// A claim and a value may have the same key: they do not touch each other.
func TestMemoryCache_ClaimsAreNotEntries(t *testing.T) {
	ctx := context.Background()
	cache := openwork.NewMemoryCache()
	require.NoError(t, cache.Set(ctx, "key", "value", time.Minute))
	state, _, err := cache.Claim(ctx, "key", "A", time.Minute)
	require.NoError(t, err)
	assert.Equal(t, openwork.ClaimTaken, state)
	require.NoError(t, cache.Done(ctx, "key", "A", "result", time.Minute))

	value, ok, err := cache.Get(ctx, "key")
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, "value", value)

	require.NoError(t, cache.Delete(ctx, "key"))
	state, result, err := cache.Claim(ctx, "key", "B", time.Minute)
	require.NoError(t, err)
	assert.Equal(t, openwork.ClaimDone, state)
	assert.Equal(t, "result", result)
}

// A lease below 0 is over at once: it must not be taken for one without an end.
func TestMemoryCache_LeaseBelowZero(t *testing.T) {
	ctx := context.Background()
	for _, lease := range []time.Duration{-1, -time.Hour, 0} {
		cache := openwork.NewMemoryCache()
		for _, owner := range []string{"A", "B"} {
			state, _, err := cache.Claim(ctx, "key", owner, lease)
			require.NoError(t, err)
			require.Equal(t, openwork.ClaimTaken, state, "%v, %s", lease, owner)
		}
		require.NoError(t, cache.Done(ctx, "key", "B", "result", lease))
		state, _, err := cache.Claim(ctx, "key", "C", lease)
		require.NoError(t, err)
		require.Equal(t, openwork.ClaimTaken, state, lease)
	}
}

// The conformance test must notice a claimer that breaks the contract; each row breaks one thing.
func TestRunClaimer_FindsWhatIsWrong(t *testing.T) {
	for name, broken := range map[string]func(*brokenClaimer){
		"nobody is ever busy":          func(c *brokenClaimer) { c.neverBusy = true },
		"the owner can't renew":        func(c *brokenClaimer) { c.noRenewal = true },
		"Release by anyone":            func(c *brokenClaimer) { c.foreignRelease = true },
		"Release does nothing":         func(c *brokenClaimer) { c.noRelease = true },
		"Done by anyone":               func(c *brokenClaimer) { c.foreignDone = true },
		"Done keeps no result":         func(c *brokenClaimer) { c.noResult = true },
		"the lease never ends":         func(c *brokenClaimer) { c.endlessLease = true },
		"a renewal does not lengthen":  func(c *brokenClaimer) { c.firstLease = true },
		"the result is kept for ever":  func(c *brokenClaimer) { c.endlessKeep = true },
		"the result dies with a lease": func(c *brokenClaimer) { c.shortKeep = true },
		"errors":                       func(c *brokenClaimer) { c.err = errors.New("no such store") },
	} {
		t.Run(name, func(t *testing.T) {
			claimer := newBrokenClaimer()
			recorder := &recordingTB{TB: t}
			cachetest.RunClaimer(recorder, claimer, claimer.wait)
			require.Empty(t, recorder.all(), "the claimer is right before it is broken")

			claimer = newBrokenClaimer()
			broken(claimer)
			recorder = &recordingTB{TB: t}
			cachetest.RunClaimer(recorder, claimer, claimer.wait)
			assert.NotEmpty(t, recorder.all())
		})
	}
}

// brokenClaimer is a right Claimer, on a clock moved by wait, unless one of its fields breaks it.
type brokenClaimer struct {
	neverBusy, noRenewal, foreignRelease, noRelease, foreignDone, noResult bool
	endlessLease, firstLease, endlessKeep, shortKeep                       bool
	err                                                                    error

	mu     sync.Mutex
	now    time.Time
	claims map[string]*brokenClaim
}

type brokenClaim struct {
	owner, result string
	done          bool
	end           time.Time
}

func newBrokenClaimer() *brokenClaimer {
	return &brokenClaimer{now: testNow, claims: map[string]*brokenClaim{}}
}

func (c *brokenClaimer) wait(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *brokenClaimer) live(key string) *brokenClaim {
	claim := c.claims[key]
	if claim == nil || (!c.now.Before(claim.end) && !(c.endlessLease && !claim.done) && !(c.endlessKeep && claim.done)) {
		return nil
	}
	return claim
}

func (c *brokenClaimer) Claim(_ context.Context, key, owner string, lease time.Duration) (int, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, "", c.err
	}
	claim := c.live(key)
	switch {
	case claim == nil || c.neverBusy && !claim.done:
		c.claims[key] = &brokenClaim{owner: owner, end: c.now.Add(lease)}
	case claim.done:
		return openwork.ClaimDone, claim.result, nil
	case claim.owner != owner || c.noRenewal:
		return openwork.ClaimBusy, "", nil
	case !c.firstLease:
		claim.end = c.now.Add(lease)
	}
	return openwork.ClaimTaken, "", nil
}

func (c *brokenClaimer) Done(_ context.Context, key, owner, result string, keep time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	claim := c.live(key)
	if c.err != nil || claim == nil || claim.owner != owner && !c.foreignDone {
		return c.err
	}
	claim.done = true
	if !c.noResult {
		claim.result = result
	}
	if !c.shortKeep {
		claim.end = c.now.Add(keep)
	}
	return nil
}

func (c *brokenClaimer) Release(_ context.Context, key, owner string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if claim := c.live(key); c.err == nil && !c.noRelease && claim != nil && (claim.owner == owner || c.foreignRelease) {
		delete(c.claims, key)
	}
	return c.err
}

// recordingTB keeps the failures of a conformance test instead of failing.
type recordingTB struct {
	testing.TB
	mu       sync.Mutex
	failures []string
}

func (r *recordingTB) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recordingTB) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failures
}
