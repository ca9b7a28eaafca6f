// Package backoff says when to try again what has failed. [Policy] tells how
// long to wait, [Table] remembers what is waited for.
package backoff

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Policy is how pauses grow: First after one failure, then twice as long after
// each further one in a row, up to Most.
type Policy struct{ First, Most time.Duration }

// After is the pause after so many failures in a row. From the second on it is
// up to a quarter longer at random, so that not all come back at once.
func (p Policy) After(failures int) time.Duration {
	pause := p.First
	for range min(failures-1, 62) {
		if pause = min(2*pause, p.Most); pause == p.Most {
			break
		}
	}
	if failures < 2 || pause < 4 {
		return pause
	}
	return pause + rand.N(pause/4)
}

// Table remembers failures by key: how many in a row, and until when not to try
// again. What is about something else than before begins anew. An entry is
// forgotten when it is not used for a quarter of an hour after its pause, and
// earlier when there are too many. The zero value is ready; it is safe for
// concurrent use.
type Table struct {
	mu    sync.Mutex
	byKey map[string]entry
	swept time.Time
}

type entry struct {
	about    string
	failures int
	until    time.Time
	err      error
	ended    bool
}

const (
	kept        = 15 * time.Minute
	mostEntries = 1 << 14
)

// Paused is the error of the last failure, while its pause lasts; nil means try.
// ended tells that End has been called since, so that pauses that others have
// told of are over as well.
func (t *Table) Paused(key, about string) (err error, ended bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.byKey[key]
	switch {
	case !ok:
		return nil, false
	case e.ended:
		return nil, true
	case e.about == about && time.Now().Before(e.until):
		return e.err, false
	}
	return nil, false
}

// Failed notes a failure and begins a pause. It returns how long that is, and
// how many failures there have been in a row.
func (t *Table) Failed(key, about string, p Policy, err error) (pause time.Duration, failures int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.byKey[key]
	failures = 1
	if e.about == about {
		failures += e.failures
	}
	pause = p.After(failures)
	t.put(key, entry{about: about, failures: failures, until: time.Now().Add(pause), err: err})
	return pause, failures
}

// Heard notes how many failures in a row somebody else has seen: the next pause
// is as long as theirs would be.
func (t *Table) Heard(key, about string, failures int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.byKey[key]; e.about != about || e.failures < failures {
		t.put(key, entry{about: about, failures: failures, until: time.Now()})
	}
}

// Succeeded forgets the failures.
func (t *Table) Succeeded(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byKey, key)
}

// End ends a pause, whoever has begun it: there is news.
func (t *Table) End(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(key, entry{until: time.Now(), ended: true})
}

// Len is how many keys are remembered.
func (t *Table) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byKey)
}

func (t *Table) put(key string, e entry) {
	now := time.Now()
	if t.byKey == nil {
		t.byKey = map[string]entry{}
	}
	if now.Sub(t.swept) >= time.Minute {
		t.swept = now
		for key, old := range t.byKey {
			if now.Sub(old.until) > kept {
				delete(t.byKey, key)
			}
		}
	}
	t.byKey[key] = e
	for other := range t.byKey {
		if len(t.byKey) <= mostEntries {
			break
		}
		if other != key {
			delete(t.byKey, other)
		}
	}
}
