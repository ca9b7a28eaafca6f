package openwork

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	gocache "github.com/patrickmn/go-cache"
)

// Cache keeps suite_tickets and tokens. Share one between all replicas of an app. Keys begin with "openwork:" and hold no
// secrets; values do, so protect what you store them in.
//
// An implementation must be safe for concurrent use and honour the context. Package openworktest/cachetest checks one
// against this contract.
type Cache interface {
	// Get returns what was last set under key. A miss, an entry whose ttl has passed included, is ok=false, err=nil;
	// err says that the store could not be asked.
	Get(ctx context.Context, key string) (value string, ok bool, err error)
	// Set keeps value under key for ttl. A ttl of zero or less stores nothing and drops what was there.
	Set(ctx context.Context, key, value string, ttl time.Duration) error
	// Delete drops what is kept under key. A missing key is no error.
	Delete(ctx context.Context, key string) error
}

// MemoryCache is a Cache and a Claimer in the memory of this process: right for a single replica, and for tests. Its
// content is gone with the process. It starts no goroutine, writes nothing to disk, and is safe for concurrent use.
type MemoryCache struct {
	entries   *gocache.Cache
	nextSweep atomic.Int64 // unix nanoseconds
	claims    claimTable
}

// sweepEvery is how often expired entries are removed, on the way of a Set.
const sweepEvery = time.Minute

// NewMemoryCache returns an empty cache.
func NewMemoryCache() *MemoryCache {
	// An interval of zero: go-cache's own cleaner would be a goroutine that nobody can stop.
	return &MemoryCache{entries: gocache.New(gocache.NoExpiration, 0)}
}

// Format shows nothing: tickets and tokens are secrets.
func (c *MemoryCache) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "openwork.MemoryCache{…}")
}

// Get implements Cache. It never returns an error.
func (c *MemoryCache) Get(_ context.Context, key string) (string, bool, error) {
	entry, ok := c.entries.Get(key)
	if !ok {
		return "", false, nil
	}
	return entry.(string), true, nil
}

// Set implements Cache. It never returns an error.
func (c *MemoryCache) Set(_ context.Context, key, value string, ttl time.Duration) error {
	c.sweep()
	if ttl <= 0 { // which go-cache would keep for ever
		c.entries.Delete(key)
		return nil
	}
	c.entries.Set(key, value, ttl)
	return nil
}

// Delete implements Cache. It never returns an error.
func (c *MemoryCache) Delete(_ context.Context, key string) error {
	c.entries.Delete(key)
	return nil
}

func (c *MemoryCache) sweep() {
	now := time.Now().UnixNano()
	next := c.nextSweep.Load()
	if now < next || !c.nextSweep.CompareAndSwap(next, now+int64(sweepEvery)) {
		return
	}
	c.entries.DeleteExpired()
}
