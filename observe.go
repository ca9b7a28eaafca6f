package openwork

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/openwork-go/openwork/internal/guard"
)

// Outcome is how a push ended.
type Outcome string

// The outcomes.
const (
	OutcomeHandled    Outcome = "handled"    // the handlers ran, and succeeded
	OutcomeDuplicate  Outcome = "duplicate"  // a copy of one that was handled, answered as that was; or a suite_ticket older than ours
	OutcomeQueued     Outcome = "queued"     // acknowledged; a worker will handle it
	OutcomeURLCheck   Outcome = "url_check"  // the console checked the URL, and may save it
	OutcomeRefused    Outcome = "refused"    // not ours, or not well-formed
	OutcomeFailed     Outcome = "failed"     // a handler, the queue or a store failed
	OutcomeOverloaded Outcome = "overloaded" // more pushes at one time than allowed
)

// Observation is what happened to one push, or to one attempt at a delivery:
// for metrics and traces. Its strings come from small sets and may be labels;
// Name is "other" for events that are not in the catalogue. It never holds
// contents or secrets.
type Observation struct {
	App     string // Config.Name
	SuiteID string // Config.SuiteID
	Channel string // "command", "data" or "provider"; "" for what was refused before that was known, and for URL checks
	Name    string // of the event
	Method  string // "GET", "POST"; "other" if it is none of HTTP's own, "" in a queue worker

	Outcome Outcome
	Check   Check // which check a refused push failed: RefusedError.Check
	Status  int   // answered; 0 in a queue worker
	Err     error // of what was refused or failed

	Duration   time.Duration // from the first look at the request to the answer, handlers included
	Skew       time.Duration // our clock minus the request's timestamp, once the signature was found right
	TicketAge  time.Duration // of the newest suite_ticket that this process has seen; 0 if it has seen none
	QueueDepth int           // deliveries that wait in Config.Queue, if that can tell; else 0
	Previous   bool          // it was signed or encrypted with Config.Previous: the console still has the old pair
	StoreDown  bool          // the Claimer could not be asked, so a copy of this push may have been handled as well
	Attempt    int           // which attempt of a queue worker this was, from 1; 0 for a push
	Late       bool          // it was answered success before its handlers had ended: Outcome and Err are theirs
}

// visit is what a Server knows of a push, for the Observer and the log.
type visit struct {
	began     time.Time
	method    string   // "" in a queue worker
	msg       *Message // once there is one
	outcome   Outcome  // of a push that ends well
	skew      time.Duration
	previous  bool
	storeDown bool
	late      bool    // its handlers went on after the answer
	attempt   Attempt // in a queue worker
}

// end closes the record of a push: it logs the error, and tells the Observer of
// a push that was served.
func (s *Server) end(ctx context.Context, v *visit, err error) {
	if err != nil {
		if why := refusal(err); why != nil && v.method != "" {
			why.Method = v.method
			s.logRefusal(ctx, err, why)
		} else {
			s.logFailure(ctx, v, err)
		}
	}
	if v.outcome != "" && s.config.Observer != nil {
		s.observe(ctx, v, err)
	}
}

// observe tells the Observer.
func (s *Server) observe(ctx context.Context, v *visit, err error) {
	defer func() {
		if x := recover(); x != nil {
			s.log(ctx, slog.LevelError, "openwork: the Observer panicked, or Depth of the Queue", slog.String("error", guard.Crashed(x).Error()))
		}
	}()
	o := Observation{App: s.config.Name, SuiteID: s.config.SuiteID, Method: v.method, Outcome: v.outcome, Err: err,
		Duration: time.Since(v.began), Skew: v.skew, TicketAge: s.tickets.age(s.config.SuiteID),
		QueueDepth: queueDepth(s.config.Queue), Previous: v.previous, StoreDown: v.storeDown, Late: v.late,
		Attempt: v.attempt.Number}
	switch {
	case v.late:
		o.Status = http.StatusOK
	case v.method != "":
		o.Status = StatusCode(err)
	}
	if v.msg != nil {
		o.Channel, o.Name = v.msg.channel(), v.msg.label()
	}
	if err != nil {
		o.Outcome = OutcomeFailed
		if why := refusal(err); why != nil {
			o.Outcome, o.Check = OutcomeRefused, why.Check
			if errors.Is(why, ErrOverloaded) {
				o.Outcome = OutcomeOverloaded
			}
		}
	}
	s.config.Observer(ctx, o)
}

// logRefusal says which check a push failed, and what to do about it.
func (s *Server) logRefusal(ctx context.Context, err error, why *RefusedError) {
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs, slog.String("check", string(why.Check)), slog.String("method", why.Method),
		slog.Int("status", StatusCode(err)), slog.String("reason", why.reason.Error()))
	if why.Got != "" {
		attrs = append(attrs, slog.String("got", why.Got))
	}
	if len(why.Want) > 0 {
		attrs = append(attrs, slog.String("want", strings.Join(why.Want, " or ")))
	}
	if why.Skew != 0 {
		attrs = append(attrs, slog.Duration("skew", why.Skew.Round(time.Second)))
	}
	if advice := why.advice(); advice != "" {
		attrs = append(attrs, slog.String("advice", advice))
	}
	s.logKind(ctx, string(why.Check), slog.LevelWarn, "openwork: push refused", attrs...)
}

// logFailure says what went wrong with a push that was ours, as far as that had been found out.
func (s *Server) logFailure(ctx context.Context, v *visit, err error) {
	attrs := make([]slog.Attr, 0, 8)
	switch {
	case v.attempt.Number > 0:
		attrs = append(attrs, slog.Int("attempt", v.attempt.Number))
		if v.attempt.Next > 0 {
			attrs = append(attrs, slog.Duration("next_in", v.attempt.Next.Round(time.Millisecond)))
		}
	case !v.late:
		attrs = append(attrs, slog.Int("status", StatusCode(err)))
	}
	attrs = append(attrs, slog.String("error", err.Error()))
	if v.msg != nil {
		attrs = append(attrs, slog.String("name", v.msg.Name()), slog.String("corp", v.msg.CorpID))
	}
	var failed *handlerError
	if errors.As(err, &failed) && failed.stack != nil {
		attrs = append(attrs, slog.String("stack", string(failed.stack)))
	}
	level, text := slog.LevelError, "openwork: push failed"
	switch {
	case v.attempt.Number > 0:
		text = "openwork: delivery failed"
	case v.late:
		text = "openwork: handlers failed after the push was answered success: WeCom will not send it again"
	case v.method != "" && StatusCode(err) < http.StatusInternalServerError: // somebody tries paths
		level, text = slog.LevelWarn, "openwork: push refused"
	}
	s.logKind(ctx, text, level, text, attrs...)
}

// log logs a line about a push. Whoever repeats a push can cause any of them,
// so they are limited.
func (s *Server) log(ctx context.Context, level slog.Level, text string, attrs ...slog.Attr) {
	s.logKind(ctx, text, level, text, attrs...)
}

// logKind logs a line unless too many of its kind were logged in this second.
func (s *Server) logKind(ctx context.Context, kind string, level slog.Level, text string, attrs ...slog.Attr) {
	if !s.config.Logger.Enabled(ctx, level) {
		return
	}
	skipped, ok := s.lines.allow(kind)
	if !ok {
		return
	}
	all := append([]slog.Attr{slog.String("app", s.config.Name)}, attrs...)
	if skipped > 0 {
		all = append(all, slog.Int("not_logged_before", skipped))
	}
	s.config.Logger.LogAttrs(ctx, level, text, all...)
}

// lineLimit keeps an attacker from filling the disk: of each kind so many lines a second are logged.
type lineLimit struct {
	mu    sync.Mutex
	kinds map[string]*loggedLines
}

type loggedLines struct {
	second         int64
	count, skipped int
}

const linesPerSecond = 50

// allow reports whether to log a line, and how many of its kind were not since the last that was.
func (l *lineLimit) allow(kind string) (skipped int, ok bool) {
	now := time.Now().Unix()
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.kinds[kind]
	if lines == nil {
		lines = &loggedLines{}
		if l.kinds == nil {
			l.kinds = map[string]*loggedLines{}
		}
		l.kinds[kind] = lines
	}
	if lines.second != now {
		lines.second, lines.count = now, 0
	}
	if lines.count++; lines.count > linesPerSecond {
		lines.skipped++
		return 0, false
	}
	skipped, lines.skipped = lines.skipped, 0
	return skipped, true
}

// Health is how a Server's surroundings are, for a readiness probe. The errors are nil for what is well.
type Health struct {
	Ticket     error         // ErrNoSuiteTicket, ErrSuiteTicketExpired, or the store's error; nil without a SuiteID
	TicketAge  time.Duration // of the suite_ticket at hand; above 20 minutes two pushes have not arrived
	Claims     error         // the Claimer's error
	Queue      error         // why the Queue takes nothing now, if it can tell: ErrQueueFull, ErrQueueClosed, or its own
	QueueDepth int           // deliveries that wait, if the queue can tell
	InFlight   int           // pushes being served
}

// Err is all that is not well, nil if everything is.
func (h Health) Err() error { return errors.Join(h.Ticket, h.Claims, h.Queue) }

// Health asks the stores and the queue how they are: each for about half a
// second at most, the Claimer for a second. A Queue can tell that with a method
// Health(context.Context) error, and how much waits with Depth() int, which must
// answer at once.
func (s *Server) Health(ctx context.Context) Health {
	h := Health{QueueDepth: queueDepth(s.config.Queue), InFlight: int(s.inFlight.Load())}
	if s.config.SuiteID != "" {
		const limit = ticketTimeout + 100*time.Millisecond // after which it falls back on the memory's, and a little more
		_, h.Ticket = guard.Within(ctx, &s.calls.ticketHealth, limit, func(ctx context.Context) (SuiteTicket, error) {
			return s.tickets.Ticket(ctx, s.config.SuiteID)
		})
		h.TicketAge = s.tickets.age(s.config.SuiteID)
	}
	health := turn{key: "openwork:health", owner: s.owner(), lease: time.Second, times: requestClaims}
	if _, _, h.Claims = s.claim(ctx, &health); h.Claims == nil {
		h.Claims = s.unclaim(ctx, &health)
	}
	if queue, ok := s.config.Queue.(interface{ Health(context.Context) error }); ok {
		_, h.Queue = guard.Within(ctx, &s.calls.queueHealth, enqueueTimeout, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, queue.Health(ctx)
		})
	}
	return h
}

// queueDepth asks a queue that can tell.
func queueDepth(q Queue) int {
	if counter, ok := q.(interface{ Depth() int }); ok {
		return counter.Depth()
	}
	return 0
}
