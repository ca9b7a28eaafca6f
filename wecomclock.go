package openwork

import (
	"net/http"
	"sync"
	"time"
)

// wecomClock tells the time by WeCom's clock, for what is compared with the
// times in its events: ours may be minutes off, and an authorisation that seems
// later than it was keeps out the event that ends it.
type wecomClock struct {
	mu   sync.Mutex
	seen time.Time // when, by our clock, signed was the time at least
	// signed is a time that WeCom has signed. Of several it is the one that is
	// ahead of the others by now.
	signed time.Time
}

// datesDiffer is how far a Date header may be from our clock: beyond that a
// proxy has made it up, or has a clock that is worse than ours.
const datesDiffer = 10 * time.Minute

// saw notes a time that WeCom has signed.
func (c *wecomClock) saw(signed time.Time) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !signed.IsZero() && (c.signed.IsZero() || signed.After(c.signed.Add(now.Sub(c.seen)))) {
		c.seen, c.signed = now, signed
	}
}

// at is when an answer was made: by its Date header, unless it comes out of a
// cache (RFC 9111, 5.1) or can't be true; else by the newest signed time and
// what has elapsed since, which no jump of our clock changes; else by our clock.
func (c *wecomClock) at(header http.Header) time.Time {
	now := time.Now()
	if date, err := http.ParseTime(header.Get("Date")); err == nil && header.Get("Age") == "" && now.Sub(date).Abs() <= datesDiffer {
		return date
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.signed.IsZero() {
		return now
	}
	return c.signed.Add(now.Sub(c.seen))
}
