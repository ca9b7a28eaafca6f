// Package cachetest checks implementations of openwork.Cache, Claimer and
// TicketStore against their contracts: Run, RunClaimer and RunTicketStore while
// all is well, RunTrouble when it is not. Troubled is a store that goes wrong
// on request, for tests of what uses one.
package cachetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
)

// Run checks the cache and reports what it does otherwise than the contract says. The cache may be in use and hold other
// entries; Run uses keys that begin with "openwork:cachetest:" and drops them.
//
// wait lets the time of the store pass: time.Sleep for a real one, or whatever moves the clock of a fake. Run lets
// about three seconds pass. Within a testing/synctest bubble it takes no time.
func Run(t testing.TB, cache openwork.Cache, wait func(time.Duration)) {
	t.Helper()
	r := &run{TB: t, cache: cache, ctx: context.Background()}
	defer r.cleanUp()

	r.get("missing", "", false, "a key never set")
	r.delete("missing")

	r.set("key", "one", time.Minute)
	r.get("key", "one", true, "after Set")
	r.set("key", "two", time.Minute)
	r.get("key", "two", true, "after a second Set")
	r.get("KEY", "", false, "the same key in another case")
	r.delete("key")
	r.get("key", "", false, "after Delete")

	for name, value := range map[string]string{
		"empty":                "",
		"binary":               "\x00\xff\r\n\"'<>&",
		"unicode key 票据 %s {}": "企业微信",
		"large":                strings.Repeat("x", 64<<10),
	} {
		r.set(name, value, time.Minute)
		r.get(name, value, true, name)
	}

	for _, ttl := range []time.Duration{0, -1, -time.Hour} {
		r.set("kept", "old", time.Minute)
		r.set("kept", "new", ttl)
		r.get("kept", "", false, fmt.Sprintf("after Set with a ttl of %v, which stores nothing and drops the old value", ttl))
	}

	r.set("short", "value", time.Second)
	r.set("renewed", "value", time.Second)
	r.set("renewed", "value", time.Minute)
	r.set("shortened", "value", time.Minute)
	r.set("shortened", "value", time.Second)
	r.set("long", "value", time.Minute)
	r.get("short", "value", true, "before its ttl has passed")
	wait(1500 * time.Millisecond)
	r.get("short", "", false, "after its ttl has passed")
	r.get("renewed", "value", true, "set again with a longer ttl")
	r.get("shortened", "", false, "set again with a shorter ttl")
	r.get("long", "value", true, "before its ttl has passed")

	r.set("below", "value", 700*time.Millisecond)
	r.get("below", "value", true, "with a ttl below a second")
	wait(1500 * time.Millisecond)
	r.get("below", "", false, "after a ttl below a second")

	r.concurrently()
}

type run struct {
	testing.TB
	cache openwork.Cache
	ctx   context.Context

	mu   sync.Mutex
	used map[string]bool
}

func (r *run) key(name string) string {
	key := "openwork:cachetest:" + name
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used == nil {
		r.used = map[string]bool{}
	}
	r.used[key] = true
	return key
}

func (r *run) set(name, value string, ttl time.Duration) {
	r.Helper()
	if err := r.cache.Set(r.ctx, r.key(name), value, ttl); err != nil {
		r.Errorf("Set(%q, ttl %v): %v", name, ttl, err)
	}
}

func (r *run) delete(name string) {
	r.Helper()
	if err := r.cache.Delete(r.ctx, r.key(name)); err != nil {
		r.Errorf("Delete(%q): %v", name, err)
	}
}

func (r *run) get(name, value string, ok bool, when string) {
	r.Helper()
	gotValue, gotOK, err := r.cache.Get(r.ctx, r.key(name))
	if err != nil {
		r.Errorf("Get(%q), %s: %v", name, when, err)
		return
	}
	if gotOK != ok || gotValue != value {
		r.Errorf("Get(%q), %s: %.40q, %v; want %.40q, %v", name, when, gotValue, gotOK, value, ok)
	}
}

// concurrently gives the race detector something to look at, and checks that values do not mix.
func (r *run) concurrently() {
	r.Helper()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			own := fmt.Sprintf("own%d", i)
			for n := range 20 {
				value := fmt.Sprintf("%s-%d", own, n)
				r.set("shared", value, time.Minute)
				r.set(own, value, time.Minute)
				r.get(own, value, true, "a key only this goroutine uses")
				if value, ok, err := r.cache.Get(r.ctx, r.key("shared")); err != nil || ok && !strings.HasPrefix(value, "own") {
					r.Errorf("Get of a key in use by several: %.40q, %v", value, err)
				}
				if n%5 == 0 {
					r.delete("shared")
				}
			}
		}()
	}
	wg.Wait()
}

func (r *run) cleanUp() {
	for key := range r.used {
		if err := r.cache.Delete(r.ctx, key); err != nil {
			r.Errorf("Delete(%q): %v", key, err)
		}
	}
}
