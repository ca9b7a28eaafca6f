package openwork

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// The handlers of urgent pushes, for which WeCom waits one second, may go on
// after the answer. They are late then.

const (
	lateTimeout  = 30 * time.Second       // after arrival the context of a late handler ends
	lateGrace    = 100 * time.Millisecond // for a handler to look at its context
	lateFarewell = time.Second            // for all of them, once the context of Shutdown has ended
)

// lateRun is a run of handlers that may become late.
type lateRun struct {
	cancel context.CancelFunc
	state  atomic.Int32  // runIsAwaited, then one of the others
	ended  chan struct{} // closed when a run that is awaited has ended
	ran    ran
	err    error

	// Of a run that may be late by now.
	visit     visit
	place     place
	isDeaf    *time.Timer // takes the place of a handler that does not look at its context
	placeGone sync.Once
}

const (
	runIsAwaited = iota // the request waits for it
	runHasEnded
	runIsLate
)

// runUrgent runs the handlers of a push that is answered in time, whether they
// have ended by then or not.
func (s *Server) runUrgent(v *visit, m *Message, t turn, place *place, mux *lateGroup) (Reply, error) {
	ctx, cancel := context.WithDeadline(context.WithoutCancel(m.ctx), v.began.Add(lateTimeout))
	m.ctx = ctx
	l := &lateRun{cancel: cancel, ended: make(chan struct{}), err: crashed(nil)}
	go func() {
		defer func() { // even if a handler panics, or ends this goroutine
			if x := recover(); x != nil {
				l.err = crashed(x)
			}
			cancel()
			if l.state.CompareAndSwap(runIsAwaited, runHasEnded) {
				close(l.ended)
				return
			}
			s.endLate(ctx, l, mux)
		}()
		l.ran, l.err = s.run(m, &t)
	}()
	var tooLong <-chan time.Time
	if limit := s.config.AuthAnswerTimeout; limit > 0 {
		timer := time.NewTimer(limit - time.Since(v.began))
		defer timer.Stop()
		tooLong = timer.C
	}
	select {
	case <-l.ended:
	case <-tooLong:
		if s.becomeLate(v, l, place, mux) {
			s.log(ctx, slog.LevelWarn, "openwork: push answered success before its handlers have ended; they go on",
				slog.String("name", m.Name()), slog.String("corp", m.CorpID),
				slog.String("advice", "WeCom waits one second and does not repeat this push. If the process ends now, it is lost: "+
					"set Config.Queue, or let the handlers do less"))
			return Success, nil
		}
		<-l.ended
	}
	v.storeDown = v.storeDown || l.ran.storeDown
	if l.err != nil {
		return Success, l.err
	}
	return l.ran.reply, l.ran.inTime()
}

// becomeLate lets a run go on without the request. It reports false if it has
// just ended, or may not: then the request waits for it.
func (s *Server) becomeLate(v *visit, l *lateRun, place *place, mux *lateGroup) bool {
	l.visit, l.place = *v, *place
	l.visit.late = true
	if !s.late.add(l, s.mostLate()) {
		return false
	}
	if mux != nil && !mux.add(l, 0) {
		s.late.remove(l)
		return false
	}
	l.isDeaf = time.AfterFunc(time.Until(v.began.Add(lateTimeout+lateGrace)), func() {
		defer survive()
		s.log(context.Background(), slog.LevelError, "openwork: a handler does not end with its context; its place is given to others",
			slog.String("name", l.visit.msg.Name()), slog.String("corp", l.visit.msg.CorpID))
		s.leaveLate(l)
	})
	if !l.state.CompareAndSwap(runIsAwaited, runIsLate) {
		l.isDeaf.Stop()
		isGone := true // the timer was quicker, and has given the place back
		l.placeGone.Do(func() { isGone = false })
		if isGone {
			place.server = nil
		}
		s.forgetLate(l, mux)
		return false
	}
	v.late = true
	place.server = nil // it is the run's now
	return true
}

// endLate closes the record of a push whose handlers went on after the answer.
func (s *Server) endLate(ctx context.Context, l *lateRun, mux *lateGroup) {
	defer s.forgetLate(l, mux)
	defer survive()
	l.isDeaf.Stop()
	s.leaveLate(l)
	l.visit.storeDown = l.visit.storeDown || l.ran.storeDown
	if l.err == nil && l.ran.reply.kind != "" {
		s.log(ctx, slog.LevelWarn, "openwork: a reply came after the answer, and goes nowhere",
			slog.String("name", l.visit.msg.Name()), slog.String("corp", l.visit.msg.CorpID))
	}
	s.end(ctx, &l.visit, l.err)
}

// survive keeps a Logger that panics from ending the process, where there is no
// request whose end it could be. Call it deferred.
func survive() { _ = recover() }

// leaveLate gives the place of a late run back, once.
func (s *Server) leaveLate(l *lateRun) {
	l.placeGone.Do(func() {
		s.late.leave(l)
		l.place.leave()
	})
}

func (s *Server) forgetLate(l *lateRun, mux *lateGroup) {
	s.late.remove(l)
	if mux != nil {
		mux.remove(l)
	}
}

// mostLate is how many places late runs may have.
func (s *Server) mostLate() int { return max(s.config.MaxInFlight/2, 1) }

// lateGroup knows what goes on after the answer, of a Server or a Mux.
type lateGroup struct {
	beside tasks // words to the Claimer

	mu        sync.Mutex
	runs      map[*lateRun]bool // late runs, and whether their places still count
	places    int               // of a Server's
	isClosing bool
	going     tasks // one for each run
}

// tasks counts what goes on, for one who waits for its end.
type tasks struct {
	mu      sync.Mutex
	count   int
	isEmpty chan struct{} // closed when the last has ended; nil if nobody waits for that
}

func (t *tasks) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
}

func (t *tasks) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count--; t.count == 0 && t.isEmpty != nil {
		close(t.isEmpty)
		t.isEmpty = nil
	}
}

func (t *tasks) number() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// wait returns a channel that is closed once nothing goes on.
func (t *tasks) wait() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count == 0 {
		return closed
	}
	if t.isEmpty == nil {
		t.isEmpty = make(chan struct{})
	}
	return t.isEmpty
}

// isFull tells whether late runs have all the places that they may.
func (g *lateGroup) isFull(most int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.places >= most
}

// add adds a run, unless the group is closing or that many runs have a place.
// most 0: any number.
func (g *lateGroup) add(l *lateRun, most int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isClosing || most > 0 && g.places >= most {
		return false
	}
	if g.runs == nil {
		g.runs = map[*lateRun]bool{}
	}
	g.runs[l] = true
	g.places++
	g.going.begin()
	return true
}

// leave counts the place of a run no longer.
func (g *lateGroup) leave(l *lateRun) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.runs[l] {
		g.runs[l] = false
		g.places--
	}
}

func (g *lateGroup) remove(l *lateRun) {
	g.mu.Lock()
	defer g.mu.Unlock()
	hasPlace, ok := g.runs[l]
	if !ok {
		return
	}
	if hasPlace {
		g.places--
	}
	delete(g.runs, l)
	g.going.end()
}

// shutdown waits until nothing goes on after an answer, and lets no run become
// late any more.
func (g *lateGroup) shutdown(ctx context.Context) error {
	g.mu.Lock()
	g.isClosing = true
	g.mu.Unlock()
	select {
	case <-g.going.wait():
	case <-ctx.Done():
		g.mu.Lock()
		for l := range g.runs {
			l.cancel()
		}
		g.mu.Unlock()
	}
	timer := time.NewTimer(lateFarewell)
	defer timer.Stop()
	for _, going := range []*tasks{&g.going, &g.beside} { // a run that ends has a word for the Claimer
		select {
		case <-going.wait():
		case <-timer.C:
			return fmt.Errorf("openwork: handlers of %d answered pushes go on, and %d words to the Claimer: %w",
				g.going.number(), g.beside.number(), cmp.Or(ctx.Err(), context.DeadlineExceeded))
		}
	}
	return nil
}
