package openwork

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"
)

// Config says what a Server serves. There is one Server per pair of Token and EncodingAESKey: an app, a template, a
// customized app, or the provider itself (the system event URL).
//
// At least one of SuiteID, ProviderCorpID and AllowCorp must be given: they say whose pushes are ours. Leaving one empty
// never switches a check off.
//
// Printed, logged or marshalled, it shows the ids only. What fmt finds in an
// unexported field it does not ask: do not print a struct with a Config there.
type Config struct {
	// Token and EncodingAESKey (43 letters and digits) stand beside the URL in the provider console. Token is the
	// callback Token, not an access token, and as secret as the key.
	Token, EncodingAESKey string

	// SuiteID is the id of the app or template (ww…, wx…, tj…, dk…). Empty on a customized app's URL and on the system
	// event URL.
	SuiteID string

	// ProviderCorpID is the provider's own corpid: the console checks every URL with it, and the system event URL
	// receives everything for it.
	ProviderCorpID string

	// Name is what handlers, workers and metrics call this app. Default: SuiteID, else ProviderCorpID. Servers that share
	// Claims, a Queue or a Mux need different Names, or one app's push is taken for a copy of another's: give customized apps,
	// which have no SuiteID, one each.
	Name string

	// Previous is the pair that was valid before, still accepted while Token and EncodingAESKey are being changed.
	Previous *Credentials

	// AllowCorp says whether what is made for a corp is ours: pushes of the data URL and of customized apps, and URL checks
	// for another id than SuiteID and ProviderCorpID. It is not asked about pushes made for the suite or the provider,
	// whatever corp they concern. It gets the request's context and must be safe for concurrent use; an error is answered
	// with 500. nil: every corp that the signed message names.
	AllowCorp func(ctx context.Context, corpID string) (bool, error)

	// AllowEmptyReceiveID accepts pushes made for nobody: WeCom's way with apps owned by an individual, and only there.
	AllowEmptyReceiveID bool

	// Tolerance is how far the timestamp of a request may be from our clock. 0: 10 minutes either way; < 0: not checked.
	Tolerance time.Duration

	// MaxAge is how old the signed message itself may be; a push without a time is too old. 0: not checked.
	MaxAge time.Duration

	// MaxBodyBytes limits the request body. 0: 1 MiB; at most 512 MiB.
	MaxBodyBytes int64

	// MaxInFlight limits the pushes that Serve and ServeHTTP serve at one time; more are answered 503. 0: 1024.
	MaxInFlight int

	// Cache keeps the suite_ticket. nil: a MemoryCache, which forgets with the process.
	Cache Cache

	// Claims says across replicas which push is being handled and which has been, so that a copy is not handled again. nil:
	// Cache, if it is a Claimer; else copies are told apart within this process only, and a log line says so.
	Claims Claimer

	// NoDedupe has copies of a push handled like the push itself.
	NoDedupe bool

	// DedupeKey names a push: those of one name are copies of each other. "" tells that a push has no copies. nil: MsgId with
	// ToUserName and AgentID for messages, else a hash of receive id and content, which are the same in WeCom's retries.
	DedupeKey func(*Message) string

	// AuthBudget and Budget are how long handlers may take before their context ends, from the arrival of the push: for those
	// of create_auth, change_auth, cancel_auth, reset_permanent_code and the device_* events, and for all others. 0: 900 ms
	// and 4.5 s, a little less than WeCom waits.
	AuthBudget, Budget time.Duration

	// Queue takes pushes over: they are acknowledged as soon as it has them, and handled by its workers, which call Process.
	// What must not be lost needs one, as WeCom waits 1 second for the answer to an authorisation event and promises no
	// repetition. nil: handlers run before the answer.
	Queue Queue

	// Async says which pushes go to the Queue. nil: all but messages, which may carry a reply. A push that goes there cannot.
	Async func(*Message) bool

	// AbortOnFailure makes ServeHTTP break the connection where it would answer 5xx: by its current pages, WeCom repeats a
	// push after a broken connection, and not after a status.
	AbortOnFailure bool

	// Observer is called once for each push that is served or processed, with how it ended, before it is answered. It must be
	// quick and safe for concurrent use.
	Observer func(context.Context, Observation)

	// Tickets keeps the suite_ticket elsewhere than in Cache. nil: Cache, if it is a TicketStore, or kept in it.
	Tickets TicketStore

	// Logger gets one line per refused push that says why, one per failed handler, and one per URL check that passes; of what
	// anyone may send, 50 lines a second of each kind, and then how many were left out. It never gets secrets or contents.
	// nil: slog.Default().
	Logger *slog.Logger

	now func() time.Time
}

// Credentials are a callback Token and an EncodingAESKey. Printed, logged or
// marshalled, they show neither.
type Credentials struct{ Token, EncodingAESKey string }

// String shows nothing.
func (Credentials) String() string { return "openwork.Credentials{…}" }

// Format writes String, whatever the verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// MarshalText is String for encoders: package slog, JSON, XML, YAML.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// String shows what is configured, without Token and EncodingAESKey.
func (c Config) String() string {
	return fmt.Sprintf("openwork.Config{Name: %q, SuiteID: %q, ProviderCorpID: %q}", c.Name, c.SuiteID, c.ProviderCorpID)
}

// Format writes String, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// MarshalText is String for encoders: package slog, JSON, XML, YAML.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

const (
	defaultTolerance    = 10 * time.Minute
	defaultMaxBodyBytes = 1 << 20
	defaultMaxInFlight  = 1024
	defaultAuthBudget   = 900 * time.Millisecond
	defaultBudget       = 4500 * time.Millisecond
	mostBodyBytes       = 1 << 29
)

// Server receives the pushes of one callback URL pair: it verifies, decrypts, keeps the suite_ticket, and runs the
// handlers. Make one with NewServer; it is safe for concurrent use, and any number can live in a process.
type Server struct {
	config    Config
	crypto    *Crypto
	previous  *Crypto // nil unless Config.Previous
	tickets   *tickets
	handlers  registry
	envelopes envelopes
	lines     lineLimit

	id         string // of this Server among all replicas
	attempts   atomic.Uint64
	claimsHere *claimTable // the Claimer, if it is in this process
	inFlight   atomic.Int64
}

// NewServer checks the Config and makes a Server. It refuses what cannot work: an empty Token, a key of the wrong shape,
// a Config that names neither SuiteID nor ProviderCorpID nor AllowCorp, ids with characters no id has, negative limits.
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
	switch {
	case config.SuiteID == "" && config.ProviderCorpID == "" && config.AllowCorp == nil:
		return nil, errors.New("openwork: none of SuiteID, ProviderCorpID and AllowCorp is given, so no push could be told to be ours")
	case config.SuiteID != "" && !isID(config.SuiteID):
		return nil, fmt.Errorf("openwork: SuiteID %s is no id", show(config.SuiteID))
	case config.ProviderCorpID != "" && !isID(config.ProviderCorpID):
		return nil, fmt.Errorf("openwork: ProviderCorpID %s is no id", show(config.ProviderCorpID))
	case config.MaxAge < 0 || config.MaxBodyBytes < 0 || config.MaxInFlight < 0 || config.AuthBudget < 0 || config.Budget < 0:
		return nil, errors.New("openwork: MaxAge, MaxBodyBytes, MaxInFlight, AuthBudget or Budget is negative")
	case config.MaxBodyBytes > mostBodyBytes:
		return nil, fmt.Errorf("openwork: MaxBodyBytes is more than %d", mostBodyBytes)
	}
	config.Name = cmp.Or(config.Name, config.SuiteID, config.ProviderCorpID)
	config.Tolerance = cmp.Or(config.Tolerance, defaultTolerance)
	config.MaxBodyBytes = cmp.Or(config.MaxBodyBytes, defaultMaxBodyBytes)
	config.MaxInFlight = cmp.Or(config.MaxInFlight, defaultMaxInFlight)
	config.AuthBudget = cmp.Or(config.AuthBudget, defaultAuthBudget)
	config.Budget = cmp.Or(config.Budget, defaultBudget)
	config.Logger = cmp.Or(config.Logger, slog.Default())
	if config.Cache == nil {
		config.Cache = NewMemoryCache()
	}
	if config.Tickets == nil {
		config.Tickets = ticketStoreOf(config.Cache)
	}
	if config.Claims == nil {
		claims, ok := config.Cache.(Claimer)
		if !ok {
			claims = NewMemoryCache()
		}
		if !ok && !config.NoDedupe {
			config.Logger.Warn("openwork: the Cache is no Claimer: copies of a push are told apart within this process only",
				"app", config.Name)
		}
		config.Claims = claims
	}
	if memory, ok := config.Claims.(*MemoryCache); ok {
		s.claimsHere = &memory.claims
	}
	if config.DedupeKey == nil {
		config.DedupeKey = defaultKey
	}
	if config.Async == nil {
		config.Async = isAsync
	}
	if config.now == nil {
		config.now = time.Now
	}
	tolerance := config.Tolerance
	if tolerance < 0 {
		tolerance = defaultTolerance // of tickets; for them there is always one
	}
	config.Token, config.EncodingAESKey, config.Previous = "", "", nil // the Cryptos have them
	s.config = config
	s.tickets = newTickets(config.Tickets, config.now, tolerance)
	return s, nil
}

func (s *Server) now() time.Time { return s.config.now() }

// Format shows for whom the Server is: it holds secrets.
func (s *Server) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openwork.Server{Name: %q}", s.config.Name)
}

// ServeHTTP serves a push or a URL check as an http.Handler. It gives the body 2.5 seconds to arrive.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	limitBody(w, r)
	s.answer(w, r, nil)
}

// limitBody sets a deadline for the body, which is lifted once it is read. A writer that knows no deadlines, a test's, is
// left without.
func limitBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	}
}

// answer serves a push over HTTP, whose envelope a Mux may have received already.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, received *Envelope) {
	answered := false
	defer func() {
		// A handler may have ended the goroutine with runtime.Goexit: this is the last chance to answer. Unanswered, net/http
		// breaks the connection.
		if !answered && !s.config.AbortOnFailure {
			_ = (&Response{StatusCode: http.StatusInternalServerError, Header: http.Header{"Connection": {"close"}}}).Send(w)
			_ = http.NewResponseController(w).Flush()
		}
	}()
	resp, err := s.serve(w, r, received)
	answered = true
	if err != nil {
		s.sendError(w, err)
		return
	}
	_ = resp.Send(w) // a write error means that WeCom has hung up
}

// sendError answers a push that failed, or breaks the connection if that is wanted.
func (s *Server) sendError(w http.ResponseWriter, err error) {
	resp := ErrorResponse(err)
	if resp.StatusCode >= http.StatusInternalServerError && s.config.AbortOnFailure {
		panic(http.ErrAbortHandler)
	}
	_ = resp.Send(w)
}

// Serve serves a push or a URL check, and returns either what to answer or why not; then ErrorResponse makes the answer.
// It reads the body but does not limit the time that takes, having no connection to set a deadline on: see ServeHTTP. A
// handler that calls runtime.Goexit ends the caller's goroutine.
func (s *Server) Serve(r *http.Request) (*Response, error) { return s.serve(nil, r, nil) }

// serve serves a push, whose envelope a Mux may have received already.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, received *Envelope) (resp *Response, err error) {
	e := received
	if e == nil {
		e = s.envelopes.get()
	}
	p := &e.passage
	if received == nil {
		p.began = time.Now()
	}
	*p = passage{began: p.began, request: r, outcome: OutcomeHandled}
	defer func() {
		if v := recover(); v != nil || resp == nil && err == nil {
			err = failure(v)
		}
		s.end(r.Context(), p, err)
		if received == nil {
			s.envelopes.put(e)
		}
	}()
	defer s.inFlight.Add(-1)
	if err := s.enter(); err != nil {
		return nil, err
	}
	if received == nil {
		if err := s.receive(w, r, e); err != nil {
			return nil, err
		}
	}
	if r.Method == http.MethodGet {
		p.outcome = OutcomeURLCheck
		return s.checkURL(p, e)
	}
	m, err := s.message(p, e)
	if err != nil {
		return nil, err
	}
	if p.overtaken {
		p.outcome = OutcomeDuplicate
		return s.Respond(m, Success)
	}
	if s.config.Queue != nil && s.config.Async(m) {
		p.outcome = OutcomeQueued
		if err := s.enqueue(m); err != nil {
			return nil, err
		}
		return s.Respond(m, Success)
	}
	limit := s.config.Budget
	if m.isUrgent() {
		limit = s.config.AuthBudget
	}
	ctx := &budget{Context: m.ctx, deadline: p.began.Add(limit)}
	defer ctx.end()
	m.ctx = ctx
	left := limit - time.Since(p.began)
	reply, err := s.once(p, m, left, max(left, 0)+leaseMargin)
	if err != nil {
		return nil, err
	}
	if p.late {
		// It is recorded as done, so a copy will be a success; but WeCom has hung up.
		return nil, &handlerError{err: fmt.Errorf("handled too late: %w", context.DeadlineExceeded)}
	}
	return s.Respond(m, reply)
}

// enter counts a push in flight; it is to be counted out in any case.
func (s *Server) enter() error {
	if inFlight := s.inFlight.Add(1); inFlight > int64(s.config.MaxInFlight) {
		return refused(ErrOverloaded, checkOverload, strconv.FormatInt(inFlight, 10))
	}
	return nil
}

// RequestMessage verifies the signature of a push and returns it still encrypted. Once it has been read whole, the body can
// be read again. For a push, not for a URL check; the errors are those of Serve.
func (s *Server) RequestMessage(r *http.Request) (envelope *Envelope, err error) {
	err = s.receivePush(r, func(p *passage, e *Envelope) error {
		crypto, err := s.verify(p, e)
		if err != nil {
			return err
		}
		s.notePrevious(p, crypto)
		envelope = e
		return nil
	})
	return envelope, err
}

// DecryptedMessage verifies and decrypts a push for those who answer by themselves: no handler runs, but a suite_ticket
// is kept. Answer with what Respond makes. Once it has been read whole, the body can be read again. For a push, not for a
// URL check: let Serve answer those. The errors are those of Serve.
func (s *Server) DecryptedMessage(r *http.Request) (msg *Message, err error) {
	err = s.receivePush(r, func(p *passage, e *Envelope) (err error) {
		msg, err = s.message(p, e)
		return err
	})
	return msg, err
}

// receivePush receives a push for one of the two, and survives what code of the user does on the way.
func (s *Server) receivePush(r *http.Request, use func(*passage, *Envelope) error) (err error) {
	p, e := &passage{began: time.Now(), request: r}, &Envelope{}
	returned := false
	defer func() {
		if v := recover(); v != nil || !returned {
			err = failure(v)
		}
		s.end(r.Context(), p, err)
		e.rewind(r)
	}()
	if r.Method != http.MethodPost {
		err = refused(ErrMethod, checkMethod, show(r.Method), http.MethodPost)
	} else if err = s.receive(nil, r, e); err == nil {
		err = use(p, e)
	}
	returned = true
	return err
}

// failure is what came of code of the user that did not return: it panicked with v, or ended the goroutine.
func failure(v any) error {
	cause, ok := v.(error)
	switch {
	case v == nil:
		return &handlerError{err: errors.New("handler: runtime.Goexit")}
	case !ok:
		cause = fmt.Errorf("%v", v)
	}
	return &handlerError{err: fmt.Errorf("handler: panic: %w", cause), stack: debug.Stack()}
}

// end closes the record of a push: it logs the error, and tells the Observer of a push that was served.
func (s *Server) end(ctx context.Context, p *passage, err error) {
	if err != nil {
		if why := refusal(err); why != nil && p.request != nil {
			why.Method = methodOf(p.request)
			s.logRefusal(p.request, err, why)
		} else {
			s.logFailure(ctx, p, err)
		}
	}
	if p.outcome != "" {
		s.observe(ctx, p, err)
	}
}

// verify checks signature and timestamp.
func (s *Server) verify(p *passage, e *Envelope) (*Crypto, error) {
	crypto := s.signer(e)
	if crypto == nil {
		return nil, refused(ErrSignature, checkSignature, "")
	}
	p.skew = s.now().Sub(e.at)
	if s.config.Tolerance > 0 && p.skew.Abs() > s.config.Tolerance {
		why := refused(ErrStale, checkTimestamp, e.Timestamp)
		why.Skew = p.skew
		return nil, why
	}
	return crypto, nil
}

// signer is the Crypto whose Token signed the envelope, nil if none of ours did.
func (s *Server) signer(e *Envelope) *Crypto {
	for _, crypto := range [...]*Crypto{s.crypto, s.previous} {
		if crypto != nil && crypto.verify(&e.digest, e.Timestamp, e.Nonce, e.Encrypt) {
			return crypto
		}
	}
	return nil
}

// decrypt decrypts an envelope that crypto's Token signed. While keys are being changed, and only the key differs, the
// Token does not tell which it was.
func (s *Server) decrypt(e *Envelope, crypto *Crypto) (plaintext, receiveID []byte, _ *Crypto, err error) {
	plaintext, receiveID, ok := crypto.decrypt(e.frame)
	if !ok && s.previous != nil && crypto != s.previous && crypto.token == s.previous.token {
		crypto = s.previous
		frame, _ := decodeCiphertext(nil, e.Encrypt) // again: decryption overwrote it
		plaintext, receiveID, ok = crypto.decrypt(frame)
	}
	if !ok {
		return nil, nil, nil, refused(ErrDecrypt, checkDecrypt, "")
	}
	return plaintext, receiveID, crypto, nil
}

// notePrevious says when the console still signs or encrypts with the old pair; when these lines stop, Config.Previous can go.
func (s *Server) notePrevious(p *passage, crypto *Crypto) {
	if crypto != s.previous {
		return
	}
	p.previous = true
	s.inform(p.request.Context(), "openwork: accepted with Config.Previous")
}

// message takes a received push up to the point where handlers take over.
func (s *Server) message(p *passage, e *Envelope) (*Message, error) {
	ctx := p.request.Context()
	crypto, err := s.verify(p, e)
	if err != nil {
		return nil, err
	}
	plaintext, receiveID, crypto, err := s.decrypt(e, crypto)
	if err != nil {
		return nil, err
	}
	s.notePrevious(p, crypto)
	text := string(plaintext) // a copy: messages may be kept, envelopes are used again
	m, err := parseMessage(text)
	if err != nil {
		return nil, s.checkUnreadable(ctx, text, string(receiveID), err)
	}
	m.ctx, m.App, m.ReceiveID, m.crypto = ctx, s.config.Name, s.config.SuiteID, crypto
	if string(receiveID) != m.ReceiveID {
		m.ReceiveID = string(receiveID)
	}
	p.msg = m
	if err := s.checkReceiver(m); err != nil {
		return nil, err
	}
	if s.config.MaxAge > 0 && s.now().Sub(m.Time) > s.config.MaxAge {
		return nil, refused(ErrStale, checkAge, m.Time.UTC().Format(time.RFC3339))
	}
	if m.InfoType == infoSuiteTicket {
		if err := s.keepTicket(p, m); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// checkURL answers the console's check of the URL, which wants the decrypted text back.
func (s *Server) checkURL(p *passage, e *Envelope) (*Response, error) {
	ctx := p.request.Context()
	crypto, err := s.verify(p, e)
	if err != nil {
		return nil, err
	}
	echo, receiveID, crypto, err := s.decrypt(e, crypto)
	if err != nil {
		return nil, err
	}
	s.notePrevious(p, crypto)
	if !isEcho(echo) {
		return nil, refused(ErrReceiveID, checkEcho, strconv.Itoa(len(echo))+" bytes that are no echo, maybe a captured push")
	}
	id := string(receiveID)
	switch {
	case id == "" && s.config.AllowEmptyReceiveID:
	case id != "" && (id == s.config.ProviderCorpID || id == s.config.SuiteID):
	default:
		if !isID(id) {
			return nil, refused(ErrReceiveID, checkReceiveID, showID(id), wanted(s.config.ProviderCorpID, s.config.SuiteID)...)
		}
		if err := s.allowCorp(ctx, id); err != nil {
			return nil, err
		}
	}
	s.inform(ctx, "openwork: URL check passed", slog.String("receive_id", id))
	resp := newResponse(bytes.Clone(echo)) // the envelope's memory is used again
	resp.Header.Set("X-Content-Type-Options", "nosniff")
	return resp, nil
}

// isEcho tells an echo from a push: it must not be possible to have a captured push decrypted by sending it as a check.
func isEcho(echo []byte) bool {
	for _, c := range echo {
		if c < 0x20 || c > 0x7E || c == '<' || c == '{' {
			return false
		}
	}
	return len(echo) >= 1 && len(echo) <= 256
}
