package openworktest

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// Fault is something that goes wrong with calls of the API.
//
// With a Code, Status, Header or Body the call is not carried out, and that is
// the answer. Without, it is carried out: with Delay or Until its answer is
// late, with Drop it is lost.
type Fault struct {
	Path   string          // the endpoint: "/cgi-bin/service/get_corp_token". "": every one
	Times  int             // how many calls. 0: all, until the fault is lifted
	Code   int             // errcode
	Status int             // of HTTP. 0: 200
	Header http.Header     // for a Date or an Age of its own
	Body   string          // in place of an answer of the API
	Delay  time.Duration   // before the answer, or the end of the connection
	Until  <-chan struct{} // likewise: nothing comes before it is closed
	Drop   bool            // the connection breaks instead of an answer
}

type fault struct {
	Fault
	left int
}

// Inject has something go wrong from now on. Of several faults for one
// endpoint the first has its turn until it is used up. lift ends the fault.
func (p *Platform) Inject(f Fault) (lift func()) {
	added := &fault{f, f.Times}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, added)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.faults = slices.DeleteFunc(p.faults, func(f *fault) bool { return f == added })
	}
}

// faultFor is what goes wrong with a call; the zero Fault if nothing does.
// p.mu is held.
func (p *Platform) faultFor(path string) Fault {
	for i, f := range p.faults {
		if f.Path != "" && f.Path != path {
			continue
		}
		if f.left--; f.left == 0 {
			p.faults = slices.Delete(p.faults, i, i+1)
		}
		return f.Fault
	}
	return Fault{}
}

// wait is false if ctx ends before the time for an answer has come.
func (f *Fault) wait(ctx context.Context) bool {
	if f.Delay > 0 && sleep(ctx, f.Delay) != nil {
		return false
	}
	if f.Until == nil {
		return true
	}
	select {
	case <-f.Until:
		return true
	case <-ctx.Done():
		return false
	}
}

// answers tells whether the fault is the answer, so that the call is not
// carried out.
func (f *Fault) answers() bool {
	return f.Code != 0 || f.Status != 0 || f.Header != nil || f.Body != ""
}
