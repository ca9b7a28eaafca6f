package cachetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
)

// RunClaimer checks the claimer and reports what it does otherwise than the contract says. The claimer may be in use;
// RunClaimer uses keys that begin with "openwork:cachetest:" and are new in every run. What it leaves behind is gone
// after a minute.
//
// wait lets the time of the store pass, as for Run. RunClaimer lets about five seconds pass. Within a testing/synctest
// bubble it takes no time.
func RunClaimer(t testing.TB, claimer openwork.Claimer, wait func(time.Duration)) {
	t.Helper()
	r := &claimRun{TB: t, claimer: claimer, ctx: context.Background(), id: rand.Text()}

	r.taken("key", "A", time.Minute, "of a key never claimed")
	r.busy("key", "B", "while another owner has it")
	r.taken("key", "A", time.Minute, "again by its owner, to renew")
	r.busy("key", "B", "after its owner renewed it")
	r.taken("KEY", "B", time.Minute, "of the same key in another case")
	r.taken("other", "B", time.Minute, "of another key")

	// Nobody but the owner ends a claim, whatever they call.
	r.release("key", "B")
	r.busy("key", "B", "after a Release by another owner")
	r.done("key", "B", "wrong", time.Minute)
	r.busy("key", "B", "after a Done by another owner")
	r.taken("key", "A", time.Minute, "by its owner, after others tried to end it")

	r.release("key", "A")
	r.taken("key", "B", time.Minute, "after its owner released it")
	r.busy("key", "A", "by the owner before, who released it")
	r.release("key", "B")
	r.release("key", "B")
	r.release("missing", "A")
	r.taken("missing", "A", time.Minute, "after a Release of what nobody had claimed")

	for name, result := range map[string]string{
		"empty":                "",
		"binary":               "\x00\xff\r\n\"'<>&",
		"unicode key 票据 %s {}": "企业微信",
		"large":                strings.Repeat("x", 64<<10),
	} {
		r.taken(name, "A", time.Minute, name)
		r.done(name, "A", result, time.Minute)
		r.isDone(name, "A", result, "by the owner who did it, result "+name)
		r.isDone(name, "B", result, "by another owner, result "+name)
	}
	r.release("binary", "B")
	r.done("binary", "B", "wrong", time.Minute)
	r.isDone("binary", "C", "\x00\xff\r\n\"'<>&", "after a Release and a Done by one who did not do it")

	r.taken("short", "A", time.Second, "for a second")
	r.taken("below", "A", 700*time.Millisecond, "for less than a second")
	r.taken("renewed", "A", time.Second, "for a second")
	r.taken("renewed", "A", time.Minute, "to renew for a minute")
	r.taken("shortened", "A", time.Minute, "for a minute")
	r.taken("shortened", "A", time.Second, "to renew for a second")
	r.taken("kept", "A", time.Second, "for a second")
	r.done("kept", "A", "result", time.Minute)
	r.taken("forgotten", "A", time.Minute, "for a minute")
	r.done("forgotten", "A", "result", time.Second)
	r.busy("short", "B", "before the lease has ended")
	r.isDone("forgotten", "B", "result", "before the result's time has passed")
	wait(1500 * time.Millisecond)
	r.taken("short", "B", time.Minute, "after the lease has ended")
	r.taken("below", "B", time.Minute, "after a lease of less than a second has ended")
	r.busy("renewed", "B", "after the first lease, which was renewed, has ended")
	r.taken("shortened", "B", time.Minute, "after the lease, which was shortened, has ended")
	r.isDone("kept", "B", "result", "after the lease has ended, the work being done")
	r.taken("forgotten", "B", time.Minute, "after the result's time has passed")

	// A lease that ended and was taken by another is the other's: the first owner, who was late, changes nothing.
	r.busy("short", "A", "by the late owner")
	r.release("short", "A")
	r.busy("short", "C", "after a Release by the late owner")
	r.done("short", "A", "late", time.Minute)
	r.busy("short", "C", "after a Done by the late owner")
	r.done("short", "B", "in time", time.Minute)
	r.isDone("short", "A", "in time", "by the late owner, after the work was done")

	// Renewed in time, again and again, a lease lasts; then it ends like any other.
	r.taken("long", "A", time.Second, "for a second")
	for range 3 {
		wait(600 * time.Millisecond)
		r.taken("long", "A", time.Second, "by its owner, to renew before the end")
		r.busy("long", "B", "after its owner renewed it in time")
	}
	wait(1500 * time.Millisecond)
	r.taken("long", "B", time.Minute, "after the last renewal has ended")

	r.concurrently("free")
	r.taken("contended", "dead", 100*time.Millisecond, "for a tenth of a second")
	wait(200 * time.Millisecond)
	r.concurrently("contended")
	r.release("contended", "nobody")

	for _, held := range []struct{ key, owner string }{
		{"KEY", "B"}, {"other", "B"}, {"missing", "A"}, {"below", "B"}, {"renewed", "A"}, {"shortened", "B"},
		{"forgotten", "B"}, {"long", "B"},
	} {
		r.release(held.key, held.owner)
		r.taken(held.key, "last", time.Second, "after its owner released it at the end")
		r.release(held.key, "last")
	}
}

type claimRun struct {
	testing.TB
	claimer openwork.Claimer
	ctx     context.Context
	id      string
}

func (r *claimRun) key(name string) string { return "openwork:cachetest:" + r.id + ":" + name }

func (r *claimRun) claim(name, owner string, lease time.Duration, state int, result, when string) {
	r.Helper()
	gotState, gotResult, err := r.claimer.Claim(r.ctx, r.key(name), owner, lease)
	if err != nil {
		r.Errorf("Claim(%q) for %s, %s: %v", name, owner, when, err)
		return
	}
	if gotState != state || gotResult != result {
		r.Errorf("Claim(%q) for %s, %s: %s, %.40q; want %s, %.40q",
			name, owner, when, stateName(gotState), gotResult, stateName(state), result)
	}
}

func (r *claimRun) taken(name, owner string, lease time.Duration, when string) {
	r.Helper()
	r.claim(name, owner, lease, openwork.ClaimTaken, "", when)
}

func (r *claimRun) busy(name, owner, when string) {
	r.Helper()
	r.claim(name, owner, time.Minute, openwork.ClaimBusy, "", when)
}

func (r *claimRun) isDone(name, owner, result, when string) {
	r.Helper()
	r.claim(name, owner, time.Minute, openwork.ClaimDone, result, when)
}

func (r *claimRun) done(name, owner, result string, keep time.Duration) {
	r.Helper()
	if err := r.claimer.Done(r.ctx, r.key(name), owner, result, keep); err != nil {
		r.Errorf("Done(%q) for %s: %v", name, owner, err)
	}
}

func (r *claimRun) release(name, owner string) {
	r.Helper()
	if err := r.claimer.Release(r.ctx, r.key(name), owner); err != nil {
		r.Errorf("Release(%q) for %s: %v", name, owner, err)
	}
}

// concurrently lets 50 owners claim one key at once: one gets it, and once it is done, all others see the result.
func (r *claimRun) concurrently(name string) {
	r.Helper()
	const owners = 50
	states := make([]int, owners)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range owners {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			state, _, err := r.claimer.Claim(r.ctx, r.key(name), fmt.Sprintf("owner%d", i), time.Minute)
			if err != nil {
				r.Errorf("Claim(%q) by one of %d at once: %v", name, owners, err)
				state = -1
			}
			states[i] = state
		}()
	}
	close(start)
	wg.Wait()

	winner, taken := "nobody", 0
	for i, state := range states {
		switch state {
		case openwork.ClaimTaken:
			winner = fmt.Sprintf("owner%d", i)
			taken++
		case openwork.ClaimBusy, -1:
		default:
			r.Errorf("Claim(%q) by one of %d at once: %s", name, owners, stateName(state))
		}
	}
	if taken != 1 {
		r.Errorf("%d of %d owners who claimed %q at once got it; want one", taken, owners, name)
		return
	}
	r.done(name, winner, winner, time.Minute)
	r.isDone(name, "late", winner, "after one of many at once has done it")
}

func stateName(state int) string {
	switch state {
	case openwork.ClaimTaken:
		return "taken"
	case openwork.ClaimBusy:
		return "busy"
	case openwork.ClaimDone:
		return "done"
	}
	return fmt.Sprintf("state %d", state)
}
