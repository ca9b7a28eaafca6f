package openwork

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/openwork-go/openwork/internal/guard"
)

// Delivery is a push on its way through a queue: verified, decrypted, and
// acknowledged to WeCom.
//
// Its plaintext holds secrets, such as an AuthCode: printing or logging a
// Delivery does not show it. It marshals in full, so that it can be stored:
// slog.JSONHandler marshals what it finds in a struct, a slice or a map, so log
// a Delivery by itself.
type Delivery struct {
	ID        string    // the same for copies of one push; empty if it has no name
	App       string    // Config.Name of the Server that received it
	CorpID    string    // the customer; deliveries of one App and CorpID keep their order, where there is one
	Name      string    // Message.Name
	Time      time.Time // Message.Time
	Plaintext []byte    // as decrypted
	ReceiveID string
}

// String says what the delivery is, not what it holds.
func (d Delivery) String() string {
	return fmt.Sprintf("openwork.Delivery{App: %q, CorpID: %q, Name: %q, %d bytes}", d.App, d.CorpID, d.Name, len(d.Plaintext))
}

// Format writes String, whatever the verb.
func (d Delivery) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

// LogValue is the same for package slog.
func (d Delivery) LogValue() slog.Value { return slog.StringValue(d.String()) }

// deliveryVersion is the version of the encoding; a reader refuses later ones.
const deliveryVersion = 1

type deliveryText struct {
	Version   int    `json:"v"`
	ID        string `json:"id,omitempty"`
	App       string `json:"app"`
	CorpID    string `json:"corp_id,omitempty"`
	Name      string `json:"name"`
	Time      int64  `json:"time,omitempty"` // unix seconds
	ReceiveID string `json:"receive_id,omitempty"`
	Plaintext string `json:"plaintext,omitempty"`
	Binary    []byte `json:"plaintext_base64,omitempty"` // instead, if that is no UTF-8
}

// MarshalText implements encoding.TextMarshaler: one line of JSON, which later versions of this package will read.
func (d Delivery) MarshalText() ([]byte, error) {
	text := deliveryText{Version: deliveryVersion, ID: d.ID, App: d.App, CorpID: d.CorpID, Name: d.Name, ReceiveID: d.ReceiveID}
	if utf8.Valid(d.Plaintext) {
		text.Plaintext = string(d.Plaintext)
	} else {
		text.Binary = d.Plaintext
	}
	if !d.Time.IsZero() {
		text.Time = d.Time.Unix()
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return nil, fmt.Errorf("openwork: encode delivery: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// UnmarshalText implements encoding.TextUnmarshaler. The errors do not show the text.
func (d *Delivery) UnmarshalText(text []byte) error {
	var t deliveryText
	if err := json.Unmarshal(text, &t); err != nil {
		return fmt.Errorf("openwork: decode delivery: %w", shapeOnly(err))
	}
	if t.Version < 1 || t.Version > deliveryVersion {
		return fmt.Errorf("openwork: decode delivery: version %d is not known here", t.Version)
	}
	if t.Binary == nil {
		t.Binary = []byte(t.Plaintext)
	}
	*d = Delivery{ID: t.ID, App: t.App, CorpID: t.CorpID, Name: t.Name, ReceiveID: t.ReceiveID, Plaintext: t.Binary}
	if t.Time != 0 {
		d.Time = time.Unix(t.Time, 0)
	}
	return nil
}

// Queue takes pushes over, so that they can be acknowledged before they are handled. NewMemoryQueue makes one in this
// process. It must be safe for concurrent use and honour the context, which ends after 500 ms.
type Queue interface {
	// Enqueue returns nil only once the queue has the delivery. A delivery whose ID it has already counts as taken.
	Enqueue(ctx context.Context, d Delivery) error
}

// ErrQueueFull: the queue takes no more for now. A push is answered 503 then.
var ErrQueueFull = errors.New("queue full")

// ErrUnknownApp: a delivery is for another app than the Server that was to process it, or a Mux has no Server at a path.
// The latter is answered with 404.
var ErrUnknownApp = errors.New("delivery of an app that is not served here")

const enqueueTimeout = 500 * time.Millisecond

// enqueue hands a push over to the queue, even if WeCom hangs up meanwhile.
func (s *Server) enqueue(m *Message) error {
	d := Delivery{ID: s.key(m), App: m.App, CorpID: m.CorpID, Name: m.Name(), Time: m.Time, Plaintext: m.Raw(), ReceiveID: m.ReceiveID}
	isFull, err := guard.Ask(m.Context(), &s.calls.queue, enqueueTimeout, enqueueTimeout, func(ctx context.Context) (bool, error) {
		err := s.config.Queue.Enqueue(ctx, d)
		if errors.Is(err, ErrQueueFull) {
			return true, nil // which asking again would not change
		}
		return false, err
	})
	switch {
	case isFull:
		return refused(ErrOverloaded, CheckQueue, "")
	case err != nil:
		return ofUser("Queue", err)
	}
	return nil
}

// isAsync tells which pushes go to the queue by default: all but messages, which may be answered on the spot.
func isAsync(m *Message) bool { return !m.isMessage() }

// Process handles a delivery: for the workers of a queue. The handlers run as
// they would have when the push arrived, but without its time limits. A copy of
// a delivery that was handled is not handled again. A reply has nowhere to go
// and is dropped. Tell it with WithAttempt which attempt this is.
//
// An error means that the delivery should be tried again later. But
//
//   - ErrMalformed, not from a handler: no further attempt will change that,
//   - ErrBusy: a copy is being handled, by another worker or replica; this was no
//     attempt: try again in a second.
func (s *Server) Process(ctx context.Context, d Delivery) (err error) {
	v := visit{began: time.Now(), outcome: OutcomeHandled, attempt: attemptIn(ctx)}
	returned := false
	defer func() {
		if x := recover(); x != nil || !returned {
			err = crashed(x)
		}
		if isBusy(err) { // it is another's, who will tell
			s.log(ctx, slog.LevelInfo, "openwork: delivery is being handled elsewhere, to be tried again", slog.String("name", d.Name),
				slog.String("corp", d.CorpID))
			return
		}
		s.end(ctx, &v, err)
	}()
	err = s.process(ctx, &v, d)
	returned = true
	return err
}

func (s *Server) process(ctx context.Context, v *visit, d Delivery) error {
	if d.App != s.config.Name {
		return fmt.Errorf("openwork: %w: %s", ErrUnknownApp, show(d.App))
	}
	m, err := parseMessage(string(d.Plaintext))
	if err != nil {
		return refused(ErrMalformed, CheckMessage, err.Error())
	}
	m.ctx, m.App, m.ReceiveID, m.crypto = ctx, d.App, d.ReceiveID, s.crypto
	m.forgetProvider(s.config.SuiteID)
	v.msg = m
	t, err := s.takeTurn(m, digest{}, nil, v.began.Add(workerWait), workerClaims)
	v.storeDown = t.storeDown
	if t.isCopy {
		v.outcome = OutcomeDuplicate
	}
	if err != nil || t.isCopy {
		return err
	}
	ran, err := s.run(m, &t)
	v.storeDown = v.storeDown || ran.storeDown
	if err == nil && ran.reply.kind != "" {
		s.log(ctx, slog.LevelWarn, "openwork: a reply from a queue worker goes nowhere: see Config.Async",
			slog.String("name", m.Name()))
	}
	return err
}
