package openwork

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
)

// Config says what a Server serves. There is one Server per pair of Token and
// EncodingAESKey: an app, a template, a customized app, or the provider itself
// (the system event URL).
//
// At least one of SuiteID, ProviderCorpID and AllowCorp must be given: they say
// whose pushes are ours. Leaving one empty never switches a check off.
//
// Printed, logged or marshalled, it shows the ids only. What fmt finds in an
// unexported field it does not ask: do not print a struct with a Config there.
type Config struct {
	// Token and EncodingAESKey (43 letters and digits) stand beside the URL in
	// the provider console. Token is the callback Token, not an access token,
	// and as secret as the key.
	Token, EncodingAESKey string

	// SuiteID is the id of the app or template (ww…, wx…, tj…, dk…). Empty on a
	// customized app's URL and on the system event URL.
	SuiteID string

	// ProviderCorpID is the provider's own corpid: the console checks every URL
	// with it, and the system event URL receives everything for it.
	ProviderCorpID string

	// Name is what handlers, workers and metrics call this app. Default:
	// SuiteID, else ProviderCorpID. Servers that share Claims, a Queue or a Mux
	// need different Names, or one app's push is taken for a copy of another's:
	// give customized apps, which have no SuiteID, one each.
	Name string

	// Previous is the pair that was valid before, still accepted while Token
	// and EncodingAESKey are being changed.
	Previous *Credentials

	// AllowCorp says whether what is made for a corp is ours: pushes of the
	// data URL and of customized apps, and URL checks for another id than
	// SuiteID and ProviderCorpID. OnlyCorps makes one from a list.
	//
	// It is asked once the message has been read and names the corp. It is not
	// asked about pushes made for the suite or the provider, whatever corp they
	// concern. Downstream corps of a shared app may never have sent create_auth.
	// It must be safe for concurrent use. Its context ends when the time for
	// the push is up; an error, or no answer by then, is answered with 500.
	//
	// nil: every corp whose push verifies is accepted. A URL check is then
	// accepted for an encrypted corpid (wp…) on a Server with SuiteID, and for
	// any corpid, with a WARN, on one without.
	AllowCorp func(ctx context.Context, corpID string) (bool, error)

	// AllowEmptyReceiveID accepts pushes made for nobody, as those of apps that
	// an individual owns are. Set it for such an app only. AllowCorp is asked
	// about the corp that such a push names.
	AllowEmptyReceiveID bool

	// Tolerance is how far the timestamp of a request may be from our clock. 0:
	// 10 minutes either way; < 0: not checked.
	Tolerance time.Duration

	// MaxAge is how old the signed message itself may be; a push without a time
	// is too old. 0: not checked.
	MaxAge time.Duration

	// MaxBodyBytes limits the request body. 0: 1 MiB; at most 512 MiB.
	MaxBodyBytes int64

	// MaxInFlight limits the pushes that Serve and ServeHTTP handle at one time;
	// more are answered 503. A push takes a place once its signature has proved
	// right, and gives it back while it waits for the outcome of a copy. 0: 1024.
	MaxInFlight int

	// Cache keeps the suite_ticket. nil: a MemoryCache, which forgets with the process.
	Cache Cache

	// Claims says across replicas which push is being handled and which has
	// been, so that a copy is not handled again. nil: Cache, if it is a
	// Claimer; else copies are told apart within this process only, and a log
	// line says so.
	Claims Claimer

	// NoDedupe has copies of a push handled like the push itself.
	NoDedupe bool

	// DedupeKey names a push: those of one name are copies of each other. ""
	// tells that a push has no copies. nil: for messages MsgId with receive id,
	// AgentID and FromUserName; for events a hash of receive id and content.
	// Both are the same in WeCom's retries.
	DedupeKey func(*Message) string

	// HandlerTimeout is how long after the arrival of a push the context of its
	// handlers ends. WeCom waits 5 seconds. 0: 4.5 seconds.
	HandlerTimeout time.Duration

	// AuthAnswerTimeout is when a push is answered for which WeCom waits one
	// second only: create_auth, change_auth, cancel_auth, reset_permanent_code
	// and the device_* events. Their handlers go on after the answer, up to 30
	// seconds after the arrival, and Shutdown waits for them. At most half of
	// MaxInFlight can go on in this way; then such pushes are answered 503.
	//
	// 0: 900 ms. < 0: never before the handlers have returned, for runtimes that
	// freeze the process after the answer, as cloud functions do.
	AuthAnswerTimeout time.Duration

	// Queue takes pushes over: they are acknowledged as soon as it has them,
	// and handled by its workers, which call Process. What must not be lost
	// needs one, as WeCom waits 1 second for the answer to an authorisation
	// event and promises no repetition. nil: handlers run before the answer.
	Queue Queue

	// Async says which pushes go to the Queue. nil: all but messages, which may
	// carry a reply. A push that goes there cannot.
	Async func(*Message) bool

	// AbortOnFailure makes ServeHTTP break the connection where it would answer
	// 5xx: by its current pages, WeCom repeats a push after a broken connection,
	// and not after a status. ServeHTTP panics with http.ErrAbortHandler for
	// that. net/http, echo and chi pass it on. gin's Recovery and others like it
	// turn it into the status 500, a reverse proxy into 502.
	AbortOnFailure bool

	// Observer is called once for each push that is served, and for each attempt
	// of Process, with how it ended: before the answer, or when handlers that go
	// on after it have ended. It is not called for RequestMessage and
	// DecryptedMessage, nor where Process returns ErrBusy. It must be quick and
	// safe for concurrent use.
	Observer func(context.Context, Observation)

	// Tickets keeps the suite_ticket elsewhere than in Cache. nil: Cache, if it
	// is a TicketStore, or kept in it.
	Tickets TicketStore

	// Logger gets one line per refused push that says why, one per failed
	// handler, and one per URL check that passes: at most 50 lines a second of
	// each kind, and then how many were left out. It never gets secrets or
	// contents. nil: slog.Default().
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
	defaultTolerance         = 10 * time.Minute
	defaultMaxBodyBytes      = 1 << 20
	defaultMaxInFlight       = 1024
	defaultHandlerTimeout    = 4500 * time.Millisecond
	defaultAuthAnswerTimeout = 900 * time.Millisecond
	mostBodyBytes            = 1 << 29
)

// check says what is wrong with the Config, as far as the keys are not
// concerned.
func (c *Config) check() error {
	switch {
	case c.SuiteID == "" && c.ProviderCorpID == "" && c.AllowCorp == nil:
		return errors.New("openwork: none of SuiteID, ProviderCorpID and AllowCorp is given, so no push could be told to be ours")
	case c.SuiteID != "" && !isID(c.SuiteID):
		return fmt.Errorf("openwork: SuiteID %s is no id", show(c.SuiteID))
	case c.ProviderCorpID != "" && !isID(c.ProviderCorpID):
		return fmt.Errorf("openwork: ProviderCorpID %s is no id", show(c.ProviderCorpID))
	case c.MaxAge < 0 || c.MaxBodyBytes < 0 || c.MaxInFlight < 0 || c.HandlerTimeout < 0:
		return errors.New("openwork: MaxAge, MaxBodyBytes, MaxInFlight or HandlerTimeout is negative")
	case c.MaxBodyBytes > mostBodyBytes:
		return fmt.Errorf("openwork: MaxBodyBytes is more than %d", mostBodyBytes)
	}
	return nil
}

// fill sets what was left to the defaults.
func (c *Config) fill() {
	c.Name = cmp.Or(c.Name, c.SuiteID, c.ProviderCorpID)
	c.Tolerance = cmp.Or(c.Tolerance, defaultTolerance)
	c.MaxBodyBytes = cmp.Or(c.MaxBodyBytes, defaultMaxBodyBytes)
	c.MaxInFlight = cmp.Or(c.MaxInFlight, defaultMaxInFlight)
	c.HandlerTimeout = cmp.Or(c.HandlerTimeout, defaultHandlerTimeout)
	c.AuthAnswerTimeout = cmp.Or(c.AuthAnswerTimeout, defaultAuthAnswerTimeout)
	c.Logger = cmp.Or(c.Logger, slog.Default())
	if c.Cache == nil {
		c.Cache = NewMemoryCache()
	}
	if c.Tickets == nil {
		c.Tickets = ticketStoreOf(c.Cache)
	}
	if c.Claims == nil {
		claims, ok := c.Cache.(Claimer)
		if !ok {
			claims = NewMemoryCache()
		}
		if !ok && !c.NoDedupe {
			c.Logger.Warn("openwork: the Cache is no Claimer: copies of a push are told apart within this process only",
				"app", c.Name)
		}
		c.Claims = claims
	}
	if c.Async == nil {
		c.Async = isAsync
	}
	if c.now == nil {
		c.now = time.Now
	}
}

// OnlyCorps is a Config.AllowCorp that agrees to these corps and no others: for
// a self-built app, the one corp that it belongs to.
func OnlyCorps(ids ...string) func(ctx context.Context, corpID string) (bool, error) {
	ids = slices.Clone(ids)
	return func(_ context.Context, corpID string) (bool, error) { return slices.Contains(ids, corpID), nil }
}
