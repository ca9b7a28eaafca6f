package openwork

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openwork-go/openwork/internal/guard"
)

// Server receives the pushes of one callback URL pair: it verifies, decrypts, keeps the suite_ticket, and runs the
// handlers. Make one with NewServer; it is safe for concurrent use, and any number can live in a process.
type Server struct {
	config    Config
	crypto    *Crypto
	previous  *Crypto // nil unless Config.Previous
	tickets   *tickets
	handlers  registry
	incomings incomings
	lines     lineLimit

	id         string // of this Server among all replicas
	attempts   atomic.Uint64
	claimsHere *claimTable // the Claimer, if it is in this process

	inFlight   atomic.Int64 // places taken
	unverified atomic.Int64 // bytes of bodies whose signature has not been looked at
	copies     waitingCopies
	late       lateGroup
	calls      struct{ allowCorp, claims, queue, ticketHealth, queueHealth guard.Calls }
	noDeadline sync.Once // says once that bodies may take for ever
}

// NewServer checks the Config and makes a Server. It refuses what cannot work:
//
//   - an empty Token, or one with a blank or a line end in it,
//   - an EncodingAESKey that is not 43 letters and digits,
//   - a Config that names neither SuiteID nor ProviderCorpID nor AllowCorp,
//   - ids with characters that no id has,
//   - negative limits.
func NewServer(config Config) (*Server, error) {
	crypto, err := NewCrypto(config.Token, config.EncodingAESKey)
	if err != nil {
		return nil, err
	}
	s := &Server{crypto: crypto, id: rand.Text()}
	if p := config.Previous; p != nil {
		if s.previous, err = NewCrypto(p.Token, p.EncodingAESKey); err != nil {
			return nil, fmt.Errorf("openwork: Config.Previous: %w", err)
		}
	}
	if err := config.check(); err != nil {
		return nil, err
	}
	config.fill()
	config.Token, config.EncodingAESKey, config.Previous = "", "", nil // the Cryptos have them
	s.config = config
	if memory, ok := config.Claims.(*MemoryCache); ok {
		s.claimsHere = &memory.claims
	}
	tolerance := config.Tolerance
	if tolerance < 0 {
		tolerance = defaultTolerance // of tickets; for them there is always one
	}
	s.tickets = newTickets(config.Tickets, config.now, tolerance)
	return s, nil
}

func (s *Server) now() time.Time { return s.config.now() }

// Format shows for whom the Server is: it holds secrets.
func (s *Server) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openwork.Server{Name: %q}", s.config.Name)
}

// ServeHTTP serves a push or a URL check as an http.Handler. It gives the body
// 2.5 seconds to arrive. Where the ResponseWriter knows no read deadline it
// says so once in the log: then http.Server.ReadTimeout must end slow bodies.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.limitBody(w, r)
	s.answer(w, r, nil, nil)
}

// limitBody sets a deadline for the body, which is lifted once it is read.
func (s *Server) limitBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 || http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) == nil {
		return
	}
	if r.Context().Value(http.ServerContextKey) == nil {
		return // no connection that could be slow, as in a test
	}
	s.noDeadline.Do(func() {
		s.log(r.Context(), slog.LevelWarn, "openwork: the ResponseWriter takes no read deadline, so a slow body is not cut off",
			slog.String("advice", "give http.Server a ReadTimeout, or give the ResponseWriter in front an Unwrap method"))
	})
}

// answer serves a push over HTTP, which a Mux may have received already.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, in *incoming, mux *lateGroup) {
	answered := false
	defer func() {
		// A handler may have ended the goroutine with runtime.Goexit: this is the last chance to answer. Unanswered, net/http
		// breaks the connection.
		if !answered && !s.config.AbortOnFailure {
			_ = (&Response{StatusCode: http.StatusInternalServerError, Header: http.Header{"Connection": {"close"}}}).Send(w)
			_ = http.NewResponseController(w).Flush()
		}
	}()
	resp, err := s.serve(w, r, in, mux)
	answered = true
	if err != nil {
		s.sendError(w, err)
		return
	}
	_ = resp.Send(w) // a write error means that WeCom has hung up
}

// sendError answers a push that failed, and breaks the connection if that is
// wanted. The status is written all the same: whoever swallows the panic must
// not make a success of it.
func (s *Server) sendError(w http.ResponseWriter, err error) {
	resp := ErrorResponse(err)
	abort := resp.StatusCode >= http.StatusInternalServerError && s.config.AbortOnFailure
	if abort {
		resp.Header.Set("Connection", "close")
	}
	_ = resp.Send(w)
	if abort {
		panic(http.ErrAbortHandler)
	}
}

// Serve serves a push or a URL check, and returns either what to answer or why not; then ErrorResponse makes the answer.
// It reads the body but does not limit the time that takes, having no connection to set a deadline on: see ServeHTTP. A
// handler that calls runtime.Goexit ends the caller's goroutine.
func (s *Server) Serve(r *http.Request) (*Response, error) { return s.serve(nil, r, nil, nil) }

// serve takes a push from the request to the answer. A Mux may have received
// it already; then in is what it received, and mux knows of its late handlers.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, in *incoming, mux *lateGroup) (resp *Response, err error) {
	ctx := r.Context()
	isReceived := in != nil
	if !isReceived {
		in = s.incomings.get(time.Now(), &s.unverified)
	}
	v := visit{began: in.began, method: methodOf(r), outcome: OutcomeHandled}
	var place place
	defer func() {
		if x := recover(); x != nil || resp == nil && err == nil {
			err = crashed(x)
		}
		place.leave()
		in.letGo()
		if !v.late { // else it ends later
			s.end(ctx, &v, err)
		}
		if !isReceived {
			s.incomings.put(in)
		}
	}()
	if !isReceived {
		if err := s.receive(w, r, in); err != nil {
			return nil, err
		}
	}
	signer, skew, err := s.verify(in)
	v.skew = skew
	if err != nil {
		return nil, err
	}
	in.letGo()
	if err := place.take(s); err != nil {
		return nil, err
	}
	if r.Method == http.MethodGet {
		v.outcome = OutcomeURLCheck
		return s.checkURL(ctx, &v, in, signer)
	}
	m, isOvertaken, err := s.message(ctx, &v, in, signer)
	if err != nil {
		return nil, err
	}
	if isOvertaken {
		v.outcome = OutcomeDuplicate
		return s.Respond(m, Success)
	}
	if s.config.Queue != nil && s.config.Async(m) {
		v.outcome = OutcomeQueued
		if err := s.enqueue(m); err != nil {
			return nil, err
		}
		return s.Respond(m, Success)
	}
	reply, err := s.handle(&v, m, in.digest, &place, mux)
	if err != nil {
		return nil, err
	}
	return s.Respond(m, reply)
}

// handle has the handlers run for a push, once, and returns what to answer.
func (s *Server) handle(v *visit, m *Message, by digest, place *place, mux *lateGroup) (Reply, error) {
	limit := s.config.HandlerTimeout
	isUrgent := m.isUrgent()
	if isUrgent {
		if limit = s.config.AuthAnswerTimeout; limit < 0 {
			limit = defaultAuthAnswerTimeout
		}
		if s.late.isFull(s.mostLate()) {
			return Success, refused(ErrOverloaded, CheckLate, "")
		}
	} else {
		ctx := &budget{Context: m.ctx, deadline: v.began.Add(limit)}
		defer ctx.end()
		m.ctx = ctx
	}
	t, err := s.takeTurn(m, by, place, v.began.Add(limit), requestClaims)
	t.mux = mux
	v.storeDown = t.storeDown
	switch {
	case err != nil:
		return Success, err
	case t.isCopy:
		v.outcome = OutcomeDuplicate
		return t.reply, nil
	case isUrgent:
		return s.runUrgent(v, m, t, place, mux)
	}
	ran, err := s.run(m, &t)
	v.storeDown = v.storeDown || ran.storeDown
	if err == nil {
		err = ran.inTime()
	}
	return ran.reply, err
}

// Shutdown waits for the handlers that go on after the answer: see
// Config.AuthAnswerTimeout. Call it after http.Server.Shutdown, and before the
// process ends. From then on every push is answered when its handlers have
// ended.
//
// If ctx ends first, so do the contexts of these handlers. Shutdown waits
// another second for them, and returns ctx's error if some still go on.
// A later call waits as well. It is safe for concurrent use.
func (s *Server) Shutdown(ctx context.Context) error { return s.late.shutdown(ctx) }

// RequestMessage verifies the signature of a push and returns it still encrypted. Once it has been read whole, the body can
// be read again. For a push, not for a URL check; the errors are those of Serve.
func (s *Server) RequestMessage(r *http.Request) (envelope *Envelope, err error) {
	err = s.receivePush(r, func(v *visit, in *incoming) error {
		signer, skew, err := s.verify(in)
		v.skew = skew
		if err != nil {
			return err
		}
		s.notePrevious(r.Context(), v, signer)
		envelope = &in.Envelope
		return nil
	})
	return envelope, err
}

// DecryptedMessage verifies and decrypts a push for those who answer by themselves: no handler runs, but a suite_ticket
// is kept. Answer with what Respond makes. Once it has been read whole, the body can be read again. For a push, not for a
// URL check: let Serve answer those. The errors are those of Serve.
func (s *Server) DecryptedMessage(r *http.Request) (msg *Message, err error) {
	err = s.receivePush(r, func(v *visit, in *incoming) error {
		signer, skew, err := s.verify(in)
		v.skew = skew
		if err != nil {
			return err
		}
		msg, _, err = s.message(r.Context(), v, in, signer)
		return err
	})
	if err != nil {
		return nil, err
	}
	return msg, nil
}

// receivePush receives a push for one of the two, and survives what code of the user does on the way.
func (s *Server) receivePush(r *http.Request, use func(*visit, *incoming) error) (err error) {
	in := &incoming{began: time.Now(), quota: quota{all: &s.unverified}}
	v := visit{began: in.began, method: methodOf(r)}
	returned := false
	defer func() {
		if x := recover(); x != nil || !returned {
			err = crashed(x)
		}
		in.letGo()
		s.end(r.Context(), &v, err)
		in.rewind(r)
	}()
	if r.Method != http.MethodPost {
		err = refused(ErrMethod, CheckMethod, show(r.Method), http.MethodPost)
	} else if err = s.receive(nil, r, in); err == nil {
		err = use(&v, in)
	}
	returned = true
	return err
}

// verify checks signature and timestamp. Once the signature is right, it also
// returns how far our clock is ahead of the timestamp.
func (s *Server) verify(in *incoming) (signer *Crypto, skew time.Duration, err error) {
	if signer = s.signer(in); signer == nil {
		return nil, 0, refused(ErrSignature, CheckSignature, "")
	}
	skew = s.now().Sub(in.at)
	if s.config.Tolerance > 0 && skew.Abs() > s.config.Tolerance {
		why := refused(ErrStale, CheckTimestamp, in.Timestamp)
		why.Skew = skew
		return nil, skew, why
	}
	return signer, skew, nil
}

// signer is the Crypto whose Token signed the push, nil if none of ours did.
func (s *Server) signer(in *incoming) *Crypto {
	for _, crypto := range [...]*Crypto{s.crypto, s.previous} {
		if crypto != nil && crypto.verify(&in.digest, in.Timestamp, in.Nonce, in.Encrypt) {
			return crypto
		}
	}
	return nil
}

// notePrevious says when the console still signs or encrypts with the old pair; when these lines stop, Config.Previous can go.
func (s *Server) notePrevious(ctx context.Context, v *visit, crypto *Crypto) {
	if crypto != s.previous {
		return
	}
	v.previous = true
	s.log(ctx, slog.LevelInfo, "openwork: accepted with Config.Previous")
}

// message takes a verified push up to the point where handlers take over. A
// suite_ticket is overtaken if a newer one is known.
func (s *Server) message(ctx context.Context, v *visit, in *incoming, signer *Crypto) (_ *Message, isOvertaken bool, err error) {
	o, err := s.open(in, signer, false)
	if err != nil {
		return nil, false, err
	}
	m, err := parseMessage(string(o.text)) // a copy: messages may be kept, the memory is used again
	if err != nil {
		return nil, false, o.unreadable(CheckMessage, err.Error())
	}
	m.ctx, m.App, m.ReceiveID, m.crypto = ctx, s.config.Name, o.receiveID, o.crypto
	v.msg = m
	if err := s.checkReceiver(m, o.receiver, v.began.Add(s.config.HandlerTimeout)); err != nil {
		return nil, false, err
	}
	if s.config.MaxAge > 0 && s.now().Sub(m.Time) > s.config.MaxAge {
		return nil, false, refused(ErrStale, CheckAge, m.Time.UTC().Format(time.RFC3339))
	}
	s.notePrevious(ctx, v, o.crypto)
	if m.InfoType == infoSuiteTicket {
		isOvertaken, err = s.keepTicket(m)
	}
	return m, isOvertaken, err
}

// checkURL answers the console's check of the URL, which wants the decrypted text back.
func (s *Server) checkURL(ctx context.Context, v *visit, in *incoming, signer *Crypto) (*Response, error) {
	o, err := s.open(in, signer, true)
	if err != nil {
		return nil, err
	}
	if !isEcho(o.text) {
		return nil, o.unreadable(CheckEcho, strconv.Itoa(len(o.text))+" bytes that are no echo")
	}
	if o.receiver == forCorp {
		if err := s.checkURLCorp(ctx, o.receiveID, v.began.Add(urlCheckTimeout)); err != nil {
			return nil, err
		}
	}
	s.notePrevious(ctx, v, o.crypto)
	s.log(ctx, slog.LevelInfo, "openwork: URL check passed", slog.String("receive_id", o.receiveID))
	resp := newResponse(bytes.Clone(o.text)) // the memory is used again
	resp.Header.Set("X-Content-Type-Options", "nosniff")
	return resp, nil
}

// urlCheckTimeout is a little less than the console waits.
const urlCheckTimeout = 900 * time.Millisecond

// isEcho tells an echo from a push: it must not be possible to have a captured
// push, or a part of one, decrypted by sending it as a check. WeCom sends 19
// digits.
func isEcho(echo []byte) bool {
	for _, c := range echo {
		if !isAlphanumeric(c) {
			return false
		}
	}
	return len(echo) >= 1 && len(echo) <= 64
}
