package openwork

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// What Claim may find.
const (
	ClaimTaken = iota // the work is the caller's now, until the lease ends
	ClaimBusy         // somebody else works on it
	ClaimDone         // it has been done; there is a result
)

// Claimer says who works on what, across replicas: so that a token is fetched once, however many replicas find it gone.
// Share one between all replicas of an app, as the Cache.
//
// An implementation must be safe for concurrent use, honour the context, and decide each call atomically.
type Claimer interface {
	// Claim takes the work on key for owner, and for no longer than lease. The same owner may claim again to renew. It
	// returns ClaimTaken, ClaimBusy, or ClaimDone and the result that Done recorded.
	Claim(ctx context.Context, key, owner string, lease time.Duration) (state int, result string, err error)
	// Done records that the work is done, for as long as keep. It does nothing if the work is another owner's by now.
	Done(ctx context.Context, key, owner, result string, keep time.Duration) error
	// Release gives the work back undone. It does nothing if the work is another owner's by now.
	Release(ctx context.Context, key, owner string) error
}

// Claim implements Claimer within this process. It never returns an error.
func (c *MemoryCache) Claim(_ context.Context, key, owner string, lease time.Duration) (state int, result string, err error) {
	state, result = c.claims.claim(key, owner, lease)
	return state, result, nil
}

// Done implements Claimer within this process. It never returns an error.
func (c *MemoryCache) Done(_ context.Context, key, owner, result string, keep time.Duration) error {
	c.claims.done(key, owner, result, keep)
	return nil
}

// Release implements Claimer within this process. It never returns an error.
func (c *MemoryCache) Release(_ context.Context, key, owner string) error {
	c.claims.release(key, owner)
	return nil
}

// maxClaims bounds the claims of a process. Beyond it the oldest is forgotten, which costs a repetition.
const maxClaims = 1 << 17

// claimTable keeps claims in memory, apart from the cache: claims are made for every push, tokens every two hours.
type claimTable struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	// Claims in order of their making, those that are kept longer than an hour in the second list: so the first to end is
	// near the front of its list.
	byAge [2]list.List // of *claim
}

type claim struct {
	key, owner string
	result     string
	until      time.Time
	done       bool
	long       int           // index into byAge
	changed    chan struct{} // closed when the claim ends; nil as long as nobody waits for that
}

func (t *claimTable) claim(key, owner string, lease time.Duration) (state int, result string) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byKey == nil {
		t.byKey = map[string]*list.Element{}
	}
	t.forget(now)
	if e, ok := t.byKey[key]; ok {
		switch c := e.Value.(*claim); {
		case !now.Before(c.until):
			t.remove(e)
		case c.done:
			return ClaimDone, c.result
		case c.owner != owner:
			return ClaimBusy, ""
		default:
			c.until = now.Add(lease)
			return ClaimTaken, ""
		}
	}
	t.put(&claim{key: key, owner: owner}, now.Add(lease), lease)
	return ClaimTaken, ""
}

func (t *claimTable) done(key, owner, result string, keep time.Duration) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.owned(key, owner)
	if e == nil {
		return
	}
	c := e.Value.(*claim)
	c.done, c.result = true, result
	c.end()
	if c.long == long(keep) {
		c.until = now.Add(keep)
		t.byAge[c.long].MoveToBack(e)
		return
	}
	t.byAge[c.long].Remove(e)
	t.put(c, now.Add(keep), keep)
}

func (t *claimTable) release(key, owner string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.owned(key, owner); e != nil {
		t.remove(e)
	}
}

// wait returns a channel that is closed when the claim on key is done or given back; nil if it is no longer held.
func (t *claimTable) wait(key string) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.byKey[key]
	if !ok || e.Value.(*claim).done {
		return nil
	}
	c := e.Value.(*claim)
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// owned is the claim on key, nil if it is not owner's, or done.
func (t *claimTable) owned(key, owner string) *list.Element {
	e, ok := t.byKey[key]
	if !ok {
		return nil
	}
	if c := e.Value.(*claim); c.owner != owner || c.done {
		return nil
	}
	return e
}

func (t *claimTable) put(c *claim, until time.Time, lasts time.Duration) {
	c.until, c.long = until, long(lasts)
	t.byKey[c.key] = t.byAge[c.long].PushBack(c)
}

// long is the index of the list for claims that last so long.
func long(lasts time.Duration) int {
	if lasts > time.Hour {
		return 1
	}
	return 0
}

func (t *claimTable) remove(e *list.Element) {
	c := e.Value.(*claim)
	t.byAge[c.long].Remove(e)
	delete(t.byKey, c.key)
	c.end()
}

// end wakes those who wait for the end of the work.
func (c *claim) end() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// forget drops a few claims that have ended, and the oldest if there are too many.
func (t *claimTable) forget(now time.Time) {
	for i := range t.byAge {
		for range 2 {
			e := t.byAge[i].Front()
			if e == nil || now.Before(e.Value.(*claim).until) && len(t.byKey) < maxClaims {
				break
			}
			t.remove(e)
		}
	}
}
