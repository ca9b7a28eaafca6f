package openwork

import (
	"container/list"
	"context"
	"encoding/binary"
	"hash/maphash"
	"sync"
	"time"
)

// What Claim may find.
const (
	ClaimTaken = iota // the work is the caller's now, until the lease ends
	ClaimBusy         // somebody else works on it
	ClaimDone         // it has been done; there is a result
)

// Claimer says who works on what, across replicas: so that a push is handled
// once, and a token fetched once, however many replicas get the one or find the
// other gone. Share one between all replicas of an app, as the Cache.
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
	state, result = c.claims.claim(key, owner, max(lease, 0))
	return state, result, nil
}

// Done implements Claimer within this process. It never returns an error.
func (c *MemoryCache) Done(_ context.Context, key, owner, result string, keep time.Duration) error {
	c.claims.done(key, owner, result, max(keep, 0))
	return nil
}

// Release implements Claimer within this process. It never returns an error.
func (c *MemoryCache) Release(_ context.Context, key, owner string) error {
	c.claims.release(key, owner)
	return nil
}

// maxClaims and maxClaimBytes bound the claims of a process, with the answers
// that are kept for copies. Beyond them the oldest is forgotten, which costs a
// repetition; never one that is held.
const (
	maxClaims     = 1 << 17
	maxClaimBytes = 64 << 20
	claimOverhead = 256 // bytes of a claim beside its strings
)

// held is the lease of a claim that lasts until it is done or given back: of work in this process, which ends with it.
const held time.Duration = -1

// claimTable keeps claims in memory, apart from the cache: claims are made for every push, tokens every two hours.
type claimTable struct {
	seeds sync.Once
	seed  maphash.Seed // see appendHash

	mu    sync.Mutex
	bytes int // of all claims
	byKey map[string]*claim
	// Claims that end, in order of their making, those that are kept longer than an hour in the second list: so the first to
	// end is near the front of its list.
	byAge [2]list.List // of *claim
}

type claim struct {
	key, owner string
	result     string
	done       bool
	until      time.Time
	place      *list.Element // in byAge[long]; nil while it is held
	long       int
	changed    chan struct{} // closed when the claim ends; nil as long as nobody waits for that
}

// appendHash appends what stands for the text in this table, and nobody outside
// can foresee: a hash, and the length.
func (t *claimTable) appendHash(key []byte, text string) []byte {
	t.seeds.Do(func() { t.seed = maphash.MakeSeed() })
	key = binary.LittleEndian.AppendUint64(key, maphash.String(t.seed, text))
	return binary.LittleEndian.AppendUint32(key, uint32(len(text)))
}

func (t *claimTable) claim(key, owner string, lease time.Duration) (state int, result string) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byKey == nil {
		t.byKey = map[string]*claim{}
	}
	t.forget(now)
	if c := t.byKey[key]; c != nil {
		switch {
		case c.place != nil && !now.Before(c.until):
			t.remove(c)
		case c.done:
			return ClaimDone, c.result
		case c.owner != owner:
			return ClaimBusy, ""
		default:
			t.last(c, now, lease)
			return ClaimTaken, ""
		}
	}
	c := &claim{key: key, owner: owner}
	t.byKey[key] = c
	t.bytes += c.bytes()
	t.last(c, now, lease)
	return ClaimTaken, ""
}

func (t *claimTable) done(key, owner, result string, keep time.Duration) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.owned(key, owner)
	if c == nil {
		return
	}
	c.done, c.result = true, result
	t.bytes += len(result)
	c.end()
	t.last(c, now, keep)
	t.forget(now)
}

func (t *claimTable) release(key, owner string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.owned(key, owner); c != nil {
		t.remove(c)
	}
}

// wait returns a channel that is closed when the claim on key is done or given back; nil if it is no longer held.
func (t *claimTable) wait(key string) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.byKey[key]
	if c == nil || c.done {
		return nil
	}
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// owned is the claim on key, nil if it is not owner's, or done.
func (t *claimTable) owned(key, owner string) *claim {
	if c := t.byKey[key]; c != nil && c.owner == owner && !c.done {
		return c
	}
	return nil
}

// last has a claim end so long from now, or not by itself if it is held.
func (t *claimTable) last(c *claim, now time.Time, lasts time.Duration) {
	long := 0
	if lasts > time.Hour {
		long = 1
	}
	c.until = now.Add(lasts)
	switch {
	case c.place != nil && lasts != held && c.long == long:
		t.byAge[long].MoveToBack(c.place)
		return
	case c.place != nil:
		t.byAge[c.long].Remove(c.place)
		c.place = nil
	}
	if lasts != held {
		c.long, c.place = long, t.byAge[long].PushBack(c)
	}
}

func (t *claimTable) remove(c *claim) {
	if c.place != nil {
		t.byAge[c.long].Remove(c.place)
	}
	delete(t.byKey, c.key)
	t.bytes -= c.bytes()
	c.end()
}

func (c *claim) bytes() int { return claimOverhead + len(c.key) + len(c.owner) + len(c.result) }

// end wakes those who wait for the end of the work.
func (c *claim) end() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// forget drops a few claims that have ended, and the oldest if there are too
// many, or they are too large.
func (t *claimTable) forget(now time.Time) {
	for i := range t.byAge {
		for n := 0; n < 2 || t.bytes > maxClaimBytes; n++ {
			e := t.byAge[i].Front()
			if e == nil || now.Before(e.Value.(*claim).until) && len(t.byKey) < maxClaims && t.bytes <= maxClaimBytes {
				break
			}
			t.remove(e.Value.(*claim))
		}
	}
}
