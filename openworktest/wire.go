package openworktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
)

// roundTrip lets handler serve r without a socket, as net/http would serve it:
// the request's context ends when the handler returns, when the caller's
// context ends or when limit has passed (0: never); the ResponseWriter knows
// deadlines and Flush; a panic breaks the connection. The handler sees no
// values of ctx.
//
// It returns once the answer is whole, even if the handler goes on. A handler
// that does not look at its context goes on for as long as it likes.
func roundTrip(ctx context.Context, handler http.Handler, r *http.Request, body *slowBody, limit time.Duration) (*wireAnswer, error) {
	served, end := context.WithCancelCause(context.Background())
	stop := context.AfterFunc(ctx, func() { end(ctx.Err()) })
	var timer *time.Timer
	if limit > 0 {
		timer = time.AfterFunc(limit, func() { end(errNoAnswer) })
	}
	w := &wire{header: http.Header{}, body: body, answered: make(chan struct{})}
	r = r.WithContext(served)
	r.Body = body
	go func() {
		returned := false
		defer func() {
			v := recover()
			w.finish(returned, v, context.Cause(served))
			stop()
			if timer != nil {
				timer.Stop()
			}
			end(context.Canceled)
		}()
		handler.ServeHTTP(w, r)
		returned = true
	}()
	select {
	case <-w.answered:
	case <-served.Done():
		w.hangUp(context.Cause(served))
	}
	return w.answer, w.err
}

var (
	errNoAnswer = errors.New("no answer in time")
	errBroken   = errors.New("the connection was broken without a whole answer")
)

// panicError is what a handler panicked with.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string {
	return fmt.Sprintf("openworktest: the handler panicked: %v\n%s", e.value, e.stack)
}

func (e *panicError) Unwrap() error { return errBroken }

// wireAnswer is what came back.
type wireAnswer struct {
	status int
	header http.Header
	body   []byte
}

// wire is the http.ResponseWriter of one request in process.
type wire struct {
	header http.Header // the handler's own
	body   *slowBody

	mu       sync.Mutex
	head     *wireAnswer // set by WriteHeader
	length   int64       // that it declares; -1: none
	pending  []byte      // written, and not flushed
	gone     bool        // nobody reads on
	deadline time.Time   // for writing
	answer   *wireAnswer // the whole answer
	err      error       // why there is none
	answered chan struct{}
}

// Header implements http.ResponseWriter.
func (w *wire) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *wire) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHead(status)
}

// writeHead is WriteHeader; w.mu is held.
func (w *wire) writeHead(status int) {
	if w.head != nil || status < 200 { // informational ones are not looked at
		return
	}
	w.head, w.length = &wireAnswer{status: status, header: w.header.Clone()}, -1
	if n, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		w.length = n
	}
}

// Write implements http.ResponseWriter.
func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHead(http.StatusOK)
	switch {
	case w.gone:
		return 0, net.ErrClosed
	case !w.deadline.IsZero() && !time.Now().Before(w.deadline):
		return 0, os.ErrDeadlineExceeded
	case w.length >= 0 && int64(len(w.head.body)+len(w.pending)+len(b)) > w.length:
		return 0, http.ErrContentLength
	}
	w.pending = append(w.pending, b...)
	return len(b), nil
}

// Flush implements http.Flusher.
func (w *wire) Flush() { _ = w.FlushError() }

// FlushError is for http.ResponseController. An answer that is whole arrives
// with it, even if the handler goes on.
func (w *wire) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.answer != nil:
		return nil
	case w.gone:
		return net.ErrClosed
	}
	w.writeHead(http.StatusOK)
	w.flush()
	if w.length >= 0 && int64(len(w.head.body)) == w.length {
		w.conclude(w.head, nil)
	}
	return nil
}

// flush sends what was written; w.mu is held.
func (w *wire) flush() {
	w.head.body, w.pending = append(w.head.body, w.pending...), nil
}

// SetReadDeadline is for http.ResponseController.
func (w *wire) SetReadDeadline(t time.Time) error {
	w.body.setDeadline(t)
	return nil
}

// SetWriteDeadline is for http.ResponseController.
func (w *wire) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = t
	return nil
}

// EnableFullDuplex is for http.ResponseController: a body can be read at any
// time.
func (w *wire) EnableFullDuplex() error { return nil }

// finish ends the answer when the handler has ended: by returning, by a panic,
// or with its goroutine. left says why nobody waits for it any more.
func (w *wire) finish(returned bool, panicked any, left error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.body.end()
	w.conclude(nil, left)
	if w.gone {
		return
	}
	if returned {
		w.writeHead(http.StatusOK)
		w.flush()
		if w.length < 0 || int64(len(w.head.body)) == w.length {
			w.conclude(w.head, nil)
			return
		}
	}
	err := errBroken
	if panicked != nil && panicked != any(http.ErrAbortHandler) {
		err = &panicError{panicked, debug.Stack()}
	}
	w.conclude(nil, err)
}

// hangUp is what the other side does when it waits no longer.
func (w *wire) hangUp(why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conclude(nil, why)
	w.body.end()
}

// conclude settles how it went, once; w.mu is held. Without either it does
// nothing.
func (w *wire) conclude(answer *wireAnswer, err error) {
	if w.answer != nil || w.err != nil || answer == nil && err == nil {
		return
	}
	w.answer, w.err, w.gone = answer, err, true
	close(w.answered)
}

// slowBody is the body of a request in process. Its second half arrives later,
// if late says so. Reading it ends at the deadline, and with the connection.
type slowBody struct {
	data []byte
	late time.Time

	mu       sync.Mutex
	read     int
	deadline time.Time
	ended    bool
	changed  chan struct{} // closed when deadline or ended change
}

func newBody(data []byte, delay time.Duration) *slowBody {
	b := &slowBody{data: data, changed: make(chan struct{})}
	if delay > 0 {
		b.late = time.Now().Add(delay)
	}
	return b
}

// Read implements io.Reader.
func (b *slowBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		now := time.Now()
		here := len(b.data)
		if now.Before(b.late) {
			here /= 2
		}
		switch {
		case b.ended:
			return 0, io.ErrUnexpectedEOF
		case !b.deadline.IsZero() && !now.Before(b.deadline):
			return 0, os.ErrDeadlineExceeded
		case b.read < here:
			n := copy(p, b.data[b.read:here])
			b.read += n
			return n, nil
		case here == len(b.data):
			return 0, io.EOF
		}
		b.wait(now)
	}
}

// wait waits until the rest arrives or something changes; b.mu is held, but
// not while it waits.
func (b *slowBody) wait(now time.Time) {
	until := b.late
	if !b.deadline.IsZero() && b.deadline.Before(until) {
		until = b.deadline
	}
	changed := b.changed
	b.mu.Unlock()
	defer b.mu.Lock()
	timer := time.NewTimer(until.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	}
}

func (b *slowBody) setDeadline(t time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deadline = t
	b.wake()
}

func (b *slowBody) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	b.wake()
}

func (b *slowBody) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// Close implements io.Closer.
func (b *slowBody) Close() error { return nil }
