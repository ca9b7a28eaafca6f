package openwork

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// ErrBusy: a copy of the push is being handled, and the time is up in which WeCom would have waited for the outcome.
// Answered with 500.
var ErrBusy = errors.New("a copy of the push is still being handled")

// The times of handling once.
const (
	claimTimeout = 150 * time.Millisecond // for a Claimer elsewhere to answer; then the push is handled without it
	keepDone     = 30 * time.Minute       // WeCom's retries come within seconds
	keepAuthDone = 25 * time.Hour         // an authorisation event must not work again even if it is replayed next day
	workerLease  = 30 * time.Second       // in a queue worker, where no time limit says how long it may take
	leaseMargin  = time.Second            // how long a claim outlasts the time that a handler has
)

// defaultKey says which pushes are copies of each other: those of one message id, or else of one content for one receiver.
func defaultKey(m *Message) string {
	if m.InfoType == "" {
		if id := m.Get("MsgId"); id != "" {
			return "message:" + m.ToUserName + ":" + m.AgentID + ":" + id
		}
	}
	sum := sha256.Sum256(unsafe.Slice(unsafe.StringData(m.raw), len(m.raw))) // which reads it only
	var buffer [128]byte
	key := append(append(buffer[:0], m.ReceiveID...), ':')
	return string(base64.RawURLEncoding.AppendEncode(key, sum[:]))
}

// key is the name of a push for the Claimer and the queue; "" if copies of it are not to be told apart.
func (s *Server) key(m *Message) string {
	if s.config.NoDedupe || m.InfoType == infoSuiteTicket {
		return ""
	}
	key := s.config.DedupeKey(m)
	if key == "" {
		return ""
	}
	return "openwork:push:" + s.config.Name + ":" + key
}

// once runs the handlers for a push, unless a copy of it has been handled: then the answer is that of the first. While a
// copy is being handled it waits for the outcome, but not for longer than patience.
func (s *Server) once(p *passage, m *Message, patience, lease time.Duration) (Reply, error) {
	key := s.key(m)
	if key == "" {
		return s.run(p, m)
	}
	ctx, owner := m.Context(), s.owner()
	isCopy := false
	for deadline := time.Now().Add(patience); ; {
		state, result, err := s.claim(ctx, key, owner, lease)
		switch {
		case err != nil && isCopy: // somebody is handling it: ask again
			p.storeDown = true
		case err != nil:
			p.storeDown = true
			s.config.Logger.LogAttrs(ctx, slog.LevelWarn, "openwork: push handled without a claim, a copy may be handled as well",
				slog.String("app", s.config.Name), slog.String("error", err.Error()))
			return s.runUnsure(p, m, key, owner)
		case state == ClaimTaken:
			return s.runClaimed(p, m, key, owner, lease)
		case state == ClaimDone:
			p.outcome = OutcomeDuplicate
			s.inform(ctx, "openwork: copy of a push, not handled again", slog.String("name", m.Name()), slog.String("corp", m.CorpID))
			return decodeReply(result), nil
		}
		isCopy = true
		if !s.waitForClaim(ctx, key, time.Until(deadline)) {
			if p.storeDown {
				_ = s.unclaim(ctx, key, owner) // one of the calls that failed may have taken it all the same
			}
			return Success, &handlerError{err: ErrBusy}
		}
	}
}

// run runs the handlers, and notes whether they came too late.
func (s *Server) run(p *passage, m *Message) (Reply, error) {
	reply, err := s.handlers.chain(m.route())(m)
	p.late = errors.Is(m.Context().Err(), context.DeadlineExceeded)
	if err != nil {
		return Success, ofUser("handler", err)
	}
	return reply, nil
}

// runUnsure runs the handlers where the Claimer gave no answer in time. The claim may be there all the same, so it is told how
// it went, beside the answer to WeCom, which has waited long enough.
func (s *Server) runUnsure(p *passage, m *Message, key, owner string) (reply Reply, err error) {
	succeeded := false
	ctx := m.Context()
	defer func() {
		go func() {
			if succeeded {
				_ = s.claimDone(ctx, key, owner, result(m, reply).encode(), keepFor(m))
			} else {
				_ = s.unclaim(ctx, key, owner)
			}
		}()
	}()
	reply, err = s.run(p, m)
	succeeded = err == nil
	return reply, err
}

// runClaimed runs the handlers, keeps the claim while they do, and records how it went: done with the answer, or given back
// after an error, a panic, or the end of the goroutine.
func (s *Server) runClaimed(p *passage, m *Message, key, owner string, lease time.Duration) (reply Reply, err error) {
	ctx := m.Context()
	stopRenewing := s.renew(ctx, key, owner, lease)
	succeeded := false
	defer func() {
		if !succeeded {
			stopRenewing()
			_ = s.unclaim(ctx, key, owner) // the lease ends it otherwise
		}
	}()
	if reply, err = s.run(p, m); err != nil {
		return Success, err
	}
	succeeded = true
	stopRenewing()
	if err := s.claimDone(ctx, key, owner, result(m, reply).encode(), keepFor(m)); err != nil {
		p.storeDown = true
	}
	return reply, nil
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

// renew claims again and again, three times in a lease, so that one attempt may fail, until it is stopped; then it makes no
// further attempt. A claim in this process needs none.
func (s *Server) renew(ctx context.Context, key, owner string, lease time.Duration) (stop func()) {
	if s.claimsHere != nil {
		return func() {}
	}
	turn := make(chan struct{}, 1) // taken until timer is set, while a renewal is made, and for good by stop
	var timer *time.Timer
	turn <- struct{}{}
	timer = time.AfterFunc(lease/3, func() {
		select {
		case turn <- struct{}{}:
			_, _, _ = s.claim(ctx, key, owner, lease)
			timer.Reset(lease / 3)
			<-turn
		default: // stopped
		}
	})
	<-turn
	return func() {
		turn <- struct{}{}
		timer.Stop()
	}
}

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

// isAuth tells the events of a corp's authorisation.
func (m *Message) isAuth() bool {
	switch m.InfoType {
	case "create_auth", "change_auth", "cancel_auth", "reset_permanent_code":
		return true
	}
	return false
}

// owner names one attempt at handling a push, unlike all others of all replicas.
func (s *Server) owner() string { return s.id + ":" + strconv.FormatUint(s.attempts.Add(1), 36) }

// claim, claimDone and unclaim ask the Claimer: at once if it is in this process, else for so long and no longer, and even
// if the request has ended.
func (s *Server) claim(ctx context.Context, key, owner string, lease time.Duration) (state int, result string, err error) {
	if s.claimsHere != nil {
		state, result = s.claimsHere.claim(key, owner, held)
		return state, result, nil
	}
	type answer struct {
		state  int
		result string
	}
	a, err := within(ctx, claimTimeout, func(ctx context.Context) (answer, error) {
		state, result, err := s.config.Claims.Claim(ctx, key, owner, lease)
		return answer{state, result}, err
	})
	return a.state, a.result, err
}

func (s *Server) claimDone(ctx context.Context, key, owner, result string, keep time.Duration) error {
	if s.claimsHere != nil {
		s.claimsHere.done(key, owner, result, keep)
		return nil
	}
	_, err := within(ctx, claimTimeout, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.config.Claims.Done(ctx, key, owner, result, keep)
	})
	return err
}

func (s *Server) unclaim(ctx context.Context, key, owner string) error {
	if s.claimsHere != nil {
		s.claimsHere.release(key, owner)
		return nil
	}
	_, err := within(ctx, claimTimeout, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.config.Claims.Release(ctx, key, owner)
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

// within runs f with a deadline of its own, and returns when that has passed, whatever f does. f must end then too; it is
// left to itself if it does not.
func within[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	ended := make(chan outcome, 1)
	go func() {
		defer cancel()
		var o outcome
		defer func() {
			if v := recover(); v != nil {
				o.err = &handlerError{err: fmt.Errorf("panic: %v", v), stack: debug.Stack()}
			}
			ended <- o
		}()
		o.err = errors.New("the call ended its goroutine")
		o.value, o.err = f(ctx)
	}()
	select {
	case o := <-ended:
		return o.value, o.err
	case <-ctx.Done():
		select {
		case o := <-ended:
			return o.value, o.err
		default:
		}
		var none T
		return none, ctx.Err()
	}
}
