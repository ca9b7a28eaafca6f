package openwork

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/guard"
)

// ErrBusy: a copy of the push is being handled, and the time is up in which
// WeCom would have waited for the outcome. Answered with 500. From Process it
// is no failure: try again soon, and do not count it as an attempt.
var ErrBusy = errors.New("a copy of the push is still being handled")

var errBusy = fmt.Errorf("openwork: %w", ErrBusy)

// The times of handling once.
const (
	keepDone     = 30 * time.Minute // WeCom's retries come within seconds
	keepAuthDone = 25 * time.Hour   // an authorisation event must not work again even if it is replayed next day
	workerLease  = 30 * time.Second // in a queue worker, where no time limit says how long it may take
	workerWait   = 2 * time.Second  // how long a queue worker waits for a copy that is being handled
	leaseMargin  = time.Second      // how long a claim outlasts the time that a handler has
)

// claimTimes are how long a Claimer elsewhere may take to answer: all tries
// together, and each. Then a push is handled without it.
type claimTimes struct{ total, each time.Duration }

var (
	requestClaims = claimTimes{500 * time.Millisecond, 300 * time.Millisecond}
	workerClaims  = claimTimes{4 * time.Second, 2 * time.Second} // nobody waits for an answer
)

// errClaimLost is the cause of a handler's context that ended because the claim
// is another's by now.
var errClaimLost = errors.New("openwork: the claim is lost: another replica handles this push by now")

// defaultKey says which pushes are copies of each other: messages of one id to
// one app from one member, and events of one content for one receiver. An event
// that carries the id of a message is not a copy of that.
func defaultKey(m *Message) string {
	if m.isMessage() {
		if id := m.Get("MsgId"); id != "" {
			// One hash of all four: whoever chooses one of them chooses no other.
			return "message:" + hashOf(fmt.Sprintf("%q %q %q %q", m.ReceiveID, m.AgentID, m.FromUserName, id))
		}
	}
	return m.ReceiveID + ":" + hashOf(m.raw)
}

// hashOf is a SHA-256 in base64.
func hashOf(text string) string {
	sum := sha256.Sum256(unsafe.Slice(unsafe.StringData(text), len(text))) // which reads it only
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// key is the name of a push for the queue and a Claimer elsewhere; "" if copies
// of it are not to be told apart.
func (s *Server) key(m *Message) string {
	if !s.hasCopies(m) {
		return ""
	}
	name := s.config.DedupeKey
	if name == nil {
		name = defaultKey
	}
	key := name(m)
	if key == "" {
		return ""
	}
	return "openwork:push:" + s.config.Name + ":" + key
}

func (s *Server) hasCopies(m *Message) bool {
	return !s.config.NoDedupe && m.InfoType != infoSuiteTicket
}

// claimKey is the name of a push for the Claimer. A key that stays in this
// process can do with a hash that is only good in this process.
func (s *Server) claimKey(m *Message) string {
	if s.claimsHere == nil || s.config.DedupeKey != nil || m.isMessage() || !s.hasCopies(m) {
		return s.key(m)
	}
	var buffer [160]byte
	key := append(append(append(buffer[:0], s.config.Name...), ':'), m.ReceiveID...)
	return string(s.claimsHere.appendHash(append(key, ':'), m.raw))
}

// turn is a push's turn to be handled, or what a copy of it came to.
type turn struct {
	key, owner string // of the claim; key "": the push has no copies
	lease      time.Duration
	times      claimTimes
	isUnsure   bool          // the Claimer gave no answer: it may have the claim or not
	renewing   chan struct{} // full while the claim is renewed; nil where it is in this process
	mux        *lateGroup    // of the Mux that it came through, if any

	isCopy    bool // it has been handled: reply is the answer
	reply     Reply
	storeDown bool
}

// takeTurn claims a push, unless a copy of it has been handled: then the answer
// is that of the first. While a copy is being handled it waits for the outcome,
// without its place, but not beyond the deadline, and not if too many wait
// already. by is the signature of the request, zero in a worker.
func (s *Server) takeTurn(m *Message, by digest, place *place, deadline time.Time, times claimTimes) (t turn, err error) {
	t = turn{key: s.claimKey(m), times: times}
	if t.key == "" {
		return t, nil
	}
	t.owner = s.owner()
	if s.claimsHere == nil { // else a claim lasts as long as its handlers
		t.renewing = make(chan struct{}, 1)
		t.lease = max(time.Until(deadline), 0) + leaseMargin
		if by == (digest{}) {
			t.lease = workerLease
		}
	}
	ctx := m.Context()
	isWaiting := false
	for {
		state, result, err := s.claim(ctx, &t)
		switch {
		case err != nil:
			t.storeDown = true
			if isWaiting { // for somebody who is handling it: ask again
				break
			}
			s.log(ctx, slog.LevelWarn, "openwork: push handled without a claim, a copy may be handled as well",
				slog.String("error", err.Error()))
			t.isUnsure = true
			return t, nil
		case state == ClaimTaken:
			if isWaiting {
				if err := place.take(s); err != nil {
					_ = s.unclaim(ctx, &t)
					return t, err
				}
			}
			return t, nil
		case state == ClaimDone:
			s.log(ctx, slog.LevelInfo, "openwork: copy of a push, not handled again", slog.String("name", m.Name()),
				slog.String("corp", m.CorpID))
			t.isCopy, t.reply = true, decodeReply(result)
			return t, nil
		}
		if !isWaiting {
			isWaiting = true
			if by != (digest{}) {
				if !s.copies.enter(t.key, by) {
					return t, errBusy
				}
				defer s.copies.leave(t.key, by)
			}
			place.leave()
		}
		if !s.waitForClaim(ctx, t.key, time.Until(deadline)) {
			if t.storeDown {
				_ = s.unclaim(ctx, &t) // one of the calls that failed may have taken it all the same
			}
			return t, errBusy
		}
	}
}

// ran is how handlers ended that returned no error.
type ran struct {
	reply     Reply
	tooLate   bool // after the end of their context
	storeDown bool
}

// inTime is an error if the handlers ended too late for the answer. What they
// did is recorded, so a copy will be a success.
func (r *ran) inTime() error {
	if r.tooLate {
		return &handlerError{err: fmt.Errorf("handled too late: %w", context.DeadlineExceeded)}
	}
	return nil
}

// run runs the handlers, keeps the claim while they do, and records how it
// went: done with the answer, or given back after an error, a panic, or the end
// of the goroutine.
func (s *Server) run(m *Message, t *turn) (r ran, err error) {
	ctx := m.Context()
	stopRenewing := s.renew(m, t)
	succeeded := false
	defer func() {
		if !succeeded {
			stopRenewing()
			_ = s.settle(ctx, t, false, "", 0) // the lease ends it otherwise
		}
	}()
	reply, err := s.handlers.chain(m.route())(m)
	r.tooLate = errors.Is(ctx.Err(), context.DeadlineExceeded) // ctx is not the one that ends with the claim
	if err != nil {
		return r, ofUser("handler", err)
	}
	succeeded, r.reply = true, reply
	stopRenewing()
	r.storeDown = s.settle(ctx, t, true, result(m, reply).encode(), keepFor(m)) != nil
	return r, nil
}

// settle tells the Claimer how a turn ended: done, with an answer to keep for
// copies, or given back. In a request that is done beside the answer to WeCom,
// where the Claimer is elsewhere; Shutdown waits for it.
func (s *Server) settle(ctx context.Context, t *turn, isDone bool, answer string, keep time.Duration) error {
	switch {
	case t.key == "":
		return nil
	case s.claimsHere == nil && t.times == requestClaims:
		s.settleBeside(ctx, *t, isDone, answer, keep)
		return nil
	case isDone:
		return s.claimDone(ctx, t, answer, keep)
	}
	return s.unclaim(ctx, t)
}

// settleBeside settles a turn in a goroutine of its own. A Claimer that gave no
// answer before may have the claim all the same, and is told as well.
func (s *Server) settleBeside(ctx context.Context, t turn, isDone bool, answer string, keep time.Duration) {
	groups := []*lateGroup{&s.late}
	if t.mux != nil {
		groups = append(groups, t.mux)
	}
	for _, g := range groups {
		g.beside.begin()
	}
	go func() {
		defer func() {
			for _, g := range groups {
				g.beside.end()
			}
		}()
		defer survive()
		tell := s.unclaim
		if isDone {
			tell = func(ctx context.Context, t *turn) error { return s.claimDone(ctx, t, answer, keep) }
		}
		if err := tell(ctx, &t); err != nil && !t.isUnsure {
			s.log(ctx, slog.LevelWarn, "openwork: the Claimer was not told how a push ended, a copy may be handled as well",
				slog.String("error", err.Error()))
		}
	}()
}

// result is what a copy of a push is answered: as the push itself, but for a reply that cannot be sent, which is an error that
// the developer sees now; a copy must not repeat what the handlers did.
func result(m *Message, reply Reply) Reply {
	if reply.kind != "" && (reply.err != nil || !takesReply(m, reply.kind)) {
		return Success
	}
	return reply
}

// keepFor is how long a push is known as done.
func keepFor(m *Message) time.Duration {
	if m.isAuth() {
		return keepAuthDone
	}
	return keepDone
}

// nothing is a function that has nothing to stop.
func nothing() {}

// renew keeps the claim on a push while its handlers run, until it is stopped. A
// claim in this process lasts by itself.
func (s *Server) renew(m *Message, t *turn) (stop func()) {
	if s.claimsHere != nil || t.key == "" || t.isUnsure {
		return nothing
	}
	return s.renewElsewhere(m, *t)
}

// renewElsewhere claims again and again, three times in a lease, so that one
// attempt may fail, until it is stopped; then it makes no further attempt, and
// one that is on its way is waited for by whoever settles the turn. If it finds
// that the claim is another's by now, the context of the handlers ends.
func (s *Server) renewElsewhere(m *Message, t turn) (stop func()) {
	ctx, cancel := context.WithCancelCause(m.Context())
	m.ctx = ctx
	name, corpID := m.Name(), m.CorpID
	t.renewing <- struct{}{} // until timer is set
	defer func() { <-t.renewing }()
	var timer *time.Timer
	timer = time.AfterFunc(t.lease/3, func() {
		t.renewing <- struct{}{}
		defer func() { <-t.renewing }()
		if ctx.Err() != nil && context.Cause(ctx) == errStopped {
			return
		}
		began := time.Now()
		state, _, err := s.claim(ctx, &t)
		if err == nil && state != ClaimTaken {
			cancel(errClaimLost)
			s.log(ctx, slog.LevelWarn, errClaimLost.Error(), slog.String("name", name), slog.String("corp", corpID))
			return
		}
		timer.Reset(max(t.lease/3-time.Since(began), time.Millisecond))
	})
	return func() {
		cancel(errStopped)
		timer.Stop()
	}
}

// errStopped is the cause of a context whose handlers have returned.
var errStopped = errors.New("openwork: the handlers have returned")

// encode is the reply as Claimers keep it.
func (r Reply) encode() string {
	if r.kind == "" {
		return ""
	}
	return r.kind + "\n" + r.body
}

func decodeReply(text string) Reply {
	kind, body, _ := strings.Cut(text, "\n")
	return Reply{kind: kind, body: body}
}

// isUrgent tells the events for which WeCom waits 1000 ms.
func (m *Message) isUrgent() bool {
	return m.isAuth() || strings.HasPrefix(m.route().first, "device_")
}

// isAuth tells the events of a corp's authorisation, in any form.
func (m *Message) isAuth() bool {
	switch m.route().first {
	case event.NameCreateAuth, event.NameChangeAuth, event.NameCancelAuth, event.NameResetPermanentCode:
		return true
	}
	return false
}

// owner names one attempt at handling a push, unlike all others of all replicas.
func (s *Server) owner() string { return s.id + ":" + strconv.FormatUint(s.attempts.Add(1), 36) }

// claim, claimDone and unclaim ask the Claimer: at once if it is in this
// process, else for as long as the turn allows, and even if the request has
// ended.
func (s *Server) claim(ctx context.Context, t *turn) (state int, result string, err error) {
	if s.claimsHere != nil {
		state, result = s.claimsHere.claim(t.key, t.owner, held)
		return state, result, nil
	}
	return s.claimElsewhere(ctx, *t)
}

func (s *Server) claimElsewhere(ctx context.Context, t turn) (state int, result string, err error) {
	type answer struct {
		state  int
		result string
	}
	a, err := guard.Ask(ctx, &s.calls.claims, t.times.total, t.times.each, func(ctx context.Context) (answer, error) {
		state, result, err := s.config.Claims.Claim(ctx, t.key, t.owner, t.lease)
		return answer{state, result}, err
	})
	return a.state, a.result, err
}

func (s *Server) claimDone(ctx context.Context, t *turn, result string, keep time.Duration) error {
	if s.claimsHere != nil {
		s.claimsHere.done(t.key, t.owner, result, keep)
		return nil
	}
	return s.tellElsewhere(ctx, *t, func(ctx context.Context, key, owner string) error {
		return s.config.Claims.Done(ctx, key, owner, result, keep)
	})
}

func (s *Server) unclaim(ctx context.Context, t *turn) error {
	if s.claimsHere != nil {
		s.claimsHere.release(t.key, t.owner)
		return nil
	}
	return s.tellElsewhere(ctx, *t, s.config.Claims.Release)
}

func (s *Server) tellElsewhere(ctx context.Context, t turn, tell func(ctx context.Context, key, owner string) error) error {
	if t.renewing != nil { // a renewal that is on its way must not come after it
		t.renewing <- struct{}{}
		defer func() { <-t.renewing }()
	}
	_, err := guard.Ask(ctx, &s.calls.claims, t.times.total, t.times.each, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, tell(ctx, t.key, t.owner)
	})
	return err
}

// waitForClaim waits until it is worth asking again, and reports false if the time is up before.
func (s *Server) waitForClaim(ctx context.Context, key string, left time.Duration) bool {
	const pause = 50 * time.Millisecond
	if left <= 0 {
		return false
	}
	var changed <-chan struct{}
	wake := min(pause, left)
	if s.claimsHere != nil {
		if changed = s.claimsHere.wait(key); changed == nil {
			return true
		}
		wake = left
	}
	timer := time.NewTimer(wake)
	defer timer.Stop()
	select {
	case <-changed:
		return true
	case <-timer.C:
		return wake < left
	case <-ctx.Done():
		return false
	}
}
