package openwork

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

// What bounds the pushes that a Server has at hand. Places are for pushes whose
// signature is right; bodies whose signature has not been looked at have a
// bound of their own, so that strangers can't take the places.

// place is a push's place among the Config.MaxInFlight, if it has one.
type place struct{ server *Server }

// take takes a place of the Server's.
func (p *place) take(s *Server) error {
	if p == nil {
		return nil
	}
	if inFlight := s.inFlight.Add(1); inFlight > int64(s.config.MaxInFlight) {
		s.inFlight.Add(-1)
		return refused(ErrOverloaded, CheckOverload, strconv.FormatInt(inFlight, 10))
	}
	p.server = s
	return nil
}

// leave gives the place back, if there is one.
func (p *place) leave() {
	if p != nil && p.server != nil {
		p.server.inFlight.Add(-1)
		p.server = nil
	}
}

const (
	mostUnverified  = 64 << 20 // bytes of bodies whose signature has not been looked at, together
	smallUnverified = 64 << 10 // a body that always finds room: few of WeCom's are larger
)

// quota is what one body takes of the bound for all.
type quota struct {
	all  *atomic.Int64
	mine int64
}

// grow makes the body's part as large as size, and reports false if that is
// too much.
func (q *quota) grow(size int64) bool {
	more := size - q.mine
	if more <= 0 {
		return true
	}
	if q.all.Add(more) > mostUnverified && size > smallUnverified {
		q.all.Add(-more)
		return false
	}
	q.mine = size
	return true
}

// letGo gives the body's part back: its signature has been looked at.
func (q *quota) letGo() {
	q.all.Add(-q.mine)
	q.mine = 0
}

// waitingCopies knows the requests that wait for the outcome of a copy. Few of
// a push may: the others are a captured request that somebody repeats. WeCom's
// own retry is signed anew.
type waitingCopies struct {
	mu         sync.Mutex
	signatures map[string][]digest // of those that wait, by the key of the push
}

// mostWaiting copies of one push may wait.
const mostWaiting = 4

// enter reports whether a request of that signature may wait.
func (w *waitingCopies) enter(key string, by digest) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	waiting := w.signatures[key]
	if len(waiting) >= mostWaiting || slices.Contains(waiting, by) {
		return false
	}
	if w.signatures == nil {
		w.signatures = map[string][]digest{}
	}
	w.signatures[key] = append(waiting, by)
	return true
}

func (w *waitingCopies) leave(key string, by digest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	waiting := slices.DeleteFunc(w.signatures[key], func(d digest) bool { return d == by })
	if len(waiting) == 0 {
		delete(w.signatures, key)
		return
	}
	w.signatures[key] = waiting
}
