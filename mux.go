package openwork

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openwork-go/openwork/internal/guard"
)

// Mux serves several Servers behind one handler: apps, templates, customized apps and the provider's system events, each
// with a pair of its own. On one path it finds the Server by the envelope's ToUserName, a hint that the signature must
// confirm, and else by whose Token verifies. The zero value is ready; set the fields before it serves. It is safe for
// concurrent use, and Servers may be added and removed while it serves.
//
// Until its Server is known, a push is under the limits of the first on the
// path. If it is refused by then, it is logged, observed and answered by the
// Config of that one too, or of the one that ToUserName hints at, once that is
// read. Where there is none but those of Resolve, the defaults hold, and
// slog.Default() gets the lines.
//
// End one with Shutdown: handlers may go on after the answer.
type Mux struct {
	// Resolve finds the Server of a corp's customized app when none of those added to the path verifies: from the user's
	// database, by the envelope's ToUserName, which is not verified yet. It has a second. It returns nil for what it does not
	// know. nil: only added Servers are served.
	//
	// The check of a URL names no corp, so Resolve is not asked: Add the Server before the URL is saved in the console. Give
	// the Servers that it makes one Cache, or one Claims, in their Configs: they are made anew every now and then, and what
	// such a Server has in its own memory is gone then.
	Resolve func(ctx context.Context, toUserName string) (*Server, error)

	// Keep is how long a Server of Resolve is used, for at most 10 000 names. That there is none, or one whose Token does not
	// verify, is believed for a second. 0: 10 minutes.
	Keep time.Duration

	unverified atomic.Int64 // bytes of bodies whose signature has not been looked at
	late       lateGroup
	calls      guard.Calls // of Resolve

	mu        sync.Mutex
	standIn   *Server                   // receives where there is no Server but those that Resolve finds
	routes    atomic.Pointer[muxRoutes] // replaced, never changed
	resolved  map[string]*resolvedServer
	keys      map[string]string // of resolved, by the Name of the Server
	removals  int               // how often Remove was called
	questions int               // to Resolve that are open
}

type muxRoutes struct{ byPath map[string][]*Server }

// resolvedServer is what is known of a name from Resolve.
type resolvedServer struct {
	server *Server // nil: none
	since  time.Time
	last   *resolving // the last question; nil if that failed
}

// resolving is a question to Resolve, which several may wait for.
type resolving struct {
	asked    time.Time
	removals int           // Mux.removals then
	isOver   bool          // under Mux.mu
	known    chan struct{} // closed when server and err are
	server   *Server
	err      error
}

// mostOnPath bounds the Servers of one path: each may cost a signature per push.
const mostOnPath = 64

const (
	mostResolved   = 10_000
	resolveTimeout = time.Second
	usualKeep      = 10 * time.Minute
	doubtAfter     = time.Second // when to ask again for what does not verify: the pair may just have been changed
)

// Format shows nothing: Servers hold secrets.
func (m *Mux) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "openwork.Mux{…}") }

// Add serves the Servers at a path, or at every path without Servers of its own if path is empty. It panics for more than
// 64 Servers on one path, for a nil Server, and for two of one Name.
func (m *Mux) Add(path string, servers ...*Server) {
	m.change(func(byPath map[string][]*Server) {
		for _, s := range servers {
			if s == nil {
				panic("openwork: nil Server")
			}
			for at, others := range byPath {
				for _, other := range others {
					if other != s && other.config.Name == s.config.Name || other == s && at == path {
						panic("openwork: two Servers of the Name " + show(s.config.Name))
					}
				}
			}
			byPath[path] = append(slices.Clip(byPath[path]), s)
		}
		if len(byPath[path]) > mostOnPath {
			panic(fmt.Sprintf("openwork: more than %d Servers on one path", mostOnPath))
		}
	})
}

// Remove stops serving the Server of a Name, at all paths. Pushes that it has begun with are finished; deliveries that wait
// in a queue are not, unless a Server of that Name is added while they are being tried.
func (m *Mux) Remove(name string) {
	m.change(func(byPath map[string][]*Server) {
		for path, servers := range byPath {
			byPath[path] = slices.DeleteFunc(slices.Clone(servers), func(s *Server) bool { return s.config.Name == name })
			if len(byPath[path]) == 0 {
				delete(byPath, path)
			}
		}
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	m.removals++
	for key, r := range m.resolved {
		if r.server != nil && r.server.config.Name == name {
			m.forget(key)
		}
	}
}

func (m *Mux) change(edit func(byPath map[string][]*Server)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	updated := &muxRoutes{byPath: map[string][]*Server{}}
	if old := m.routes.Load(); old != nil {
		for path, servers := range old.byPath {
			updated.byPath[path] = servers
		}
	}
	edit(updated.byPath)
	m.routes.Store(updated)
}

// on is the Servers of a path.
func (m *Mux) on(path string) []*Server {
	routes := m.routes.Load()
	if routes == nil {
		return nil
	}
	if servers, ok := routes.byPath[path]; ok {
		return servers
	}
	return routes.byPath[""]
}

// ServeHTTP serves a push or a URL check with the Server it is for. What is for none is refused as a wrong signature is.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	servers := m.on(r.URL.Path)
	m.receiver(servers).limitBody(w, r)
	s, in, err := m.choose(w, r, servers)
	if err != nil {
		s.sendError(w, err)
		return
	}
	s.answer(w, r, in, &m.late)
}

// Serve is ServeHTTP for a handler of one's own, as Server.Serve is. At a path without Servers it returns ErrUnknownApp.
func (m *Mux) Serve(r *http.Request) (*Response, error) {
	s, in, err := m.choose(nil, r, m.on(r.URL.Path))
	if err != nil {
		return nil, err
	}
	return s.serve(nil, r, in, &m.late)
}

// Shutdown waits for the handlers that go on after the answer, of all Servers
// whose pushes came through this Mux, those of Resolve and removed ones
// included. See Server.Shutdown, which works alike.
func (m *Mux) Shutdown(ctx context.Context) error { return m.late.shutdown(ctx) }

// choose finds the Server that a request is for, and receives it on the way if there are several. With an error it returns
// the Server that is to answer that.
func (m *Mux) choose(w http.ResponseWriter, r *http.Request, servers []*Server) (_ *Server, _ *incoming, err error) {
	if len(servers) == 1 && m.Resolve == nil {
		return servers[0], nil, nil
	}
	in := &incoming{began: time.Now(), quota: quota{all: &m.unverified}}
	s := m.receiver(servers)
	defer func() {
		if err != nil {
			in.letGo()
			s.end(r.Context(), &visit{began: in.began, method: methodOf(r), outcome: OutcomeRefused}, err)
		}
	}()
	if len(servers) == 0 && m.Resolve == nil {
		return s, nil, fmt.Errorf("openwork: %w: path %s, but there are Servers at %s", ErrUnknownApp, show(r.URL.Path), m.paths())
	}
	if err := s.receive(w, r, in); err != nil {
		return s, nil, err
	}
	if i := slices.IndexFunc(servers, func(s *Server) bool { return s.isHinted(in.ToUserName) }); i >= 0 {
		s = servers[i]
	}
	var signed []*Server // hinted ones first
	for _, hinted := range []bool{true, false} {
		for _, candidate := range servers {
			if candidate.isHinted(in.ToUserName) == hinted && candidate.signer(in) != nil {
				signed = append(signed, candidate)
			}
		}
	}
	for _, candidate := range signed {
		if len(signed) == 1 || candidate.decrypts(in, r.Method == http.MethodGet) { // several have one Token, and differ in the key
			return candidate, in, nil
		}
	}
	if len(signed) > 0 {
		return signed[0], in, nil
	}
	if r.Method == http.MethodGet && m.Resolve != nil {
		s = m.unknown() // no app that was added has to do with it
		return s, nil, refused(ErrSignature, CheckResolve, "")
	}
	found, err := m.resolve(r.Context(), in.ToUserName, func(found *Server) bool { return found.signer(in) != nil })
	switch {
	case err != nil:
		return s, nil, err
	case found == nil:
		return s, nil, refused(ErrSignature, CheckSignature, "")
	}
	return found, in, nil
}

// paths names the paths that have Servers, for one who looks for the right one.
func (m *Mux) paths() string {
	const most = 10
	var paths []string
	if routes := m.routes.Load(); routes != nil {
		for path := range routes.byPath {
			paths = append(paths, show(path))
		}
	}
	if len(paths) == 0 {
		return "none"
	}
	slices.Sort(paths)
	if len(paths) > most {
		paths = append(paths[:most], "…")
	}
	return strings.Join(paths, ", ")
}

// isHinted tells whether a push to a name, which is not verified, is likely to be for this Server.
func (s *Server) isHinted(toUserName string) bool {
	return toUserName != "" && (s.config.SuiteID == toUserName || s.config.ProviderCorpID == toUserName)
}

// receiver is the first Server, or one that serves nothing.
func (m *Mux) receiver(servers []*Server) *Server {
	if len(servers) > 0 {
		return servers[0]
	}
	return m.unknown()
}

// unknown is a Server that serves nothing, for what is for no other.
func (m *Mux) unknown() *Server {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.standIn == nil {
		m.standIn = &Server{config: Config{Name: "mux", MaxBodyBytes: defaultMaxBodyBytes, MaxInFlight: defaultMaxInFlight,
			Logger: slog.Default()}}
	}
	return m.standIn
}

// decrypts tells whether one of the Server's keys has encrypted the request, for
// a receive id that may be ours.
func (s *Server) decrypts(in *incoming, isURLCheck bool) bool {
	for _, crypto := range []*Crypto{s.crypto, s.previous} {
		if crypto == nil {
			continue
		}
		frame, _ := decodeCiphertext(nil, in.Encrypt) // decryption overwrites it
		o, ok := s.openWith(frame, crypto, isURLCheck)
		if !ok {
			continue
		}
		if o.receiver == forCorp && !isURLCheck {
			if _, err := parseMessage(string(o.text)); err != nil {
				continue // whose key it was, nobody is told
			}
		}
		return true
	}
	return false
}

// resolve finds the Server of a name that fits: one that Resolve has returned
// before, or does now. It is nil if there is none. While Resolve fails, a Server
// that fits serves on.
func (m *Mux) resolve(ctx context.Context, toUserName string, fits func(*Server) bool) (*Server, error) {
	if m.Resolve == nil || toUserName == "" || !isID(toUserName) {
		return nil, nil
	}
	now, keep := time.Now(), cmp.Or(m.Keep, usualKeep)
	var known *Server
	isFresh := false
	m.mu.Lock()
	if r := m.resolved[toUserName]; r != nil {
		known, isFresh = r.server, now.Sub(r.since) < keep
	}
	m.mu.Unlock()
	knownFits := known != nil && fits(known)
	if knownFits && isFresh {
		return m.withOwnName(known)
	}
	answer, isOurs := m.asking(toUserName, now, min(keep, doubtAfter))
	switch {
	case answer == nil && knownFits:
		return m.withOwnName(known)
	case answer == nil:
		return nil, refused(ErrOverloaded, CheckOverload, "questions to Resolve that are open")
	case isOurs:
		answer.server, answer.err = guard.Within(ctx, &m.calls, resolveTimeout, func(ctx context.Context) (*Server, error) {
			return m.Resolve(ctx, toUserName)
		})
		m.answered(toUserName, answer, !isFresh || known == nil || answer.server != nil && fits(answer.server))
	}
	<-answer.known // which it is soon: Resolve has a second
	switch {
	case answer.err != nil && knownFits:
		return m.withOwnName(known)
	case answer.err != nil:
		return nil, ofUser("Mux.Resolve", answer.err)
	case answer.server == nil || !fits(answer.server):
		return nil, nil
	}
	return m.withOwnName(answer.server)
}

// asking is the last question to Resolve, if it is on its way or was less than
// pause ago, or a new one, which is ours to ask then. It is nil if too many are
// open.
func (m *Mux) asking(toUserName string, now time.Time, pause time.Duration) (_ *resolving, isOurs bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.resolved[toUserName]
	if r == nil {
		r = m.remember(toUserName)
	}
	if q := r.last; q != nil && (!q.isOver || now.Sub(q.asked) < pause) {
		return q, false
	}
	if m.questions >= defaultMaxInFlight { // anyone may cause them
		return nil, false
	}
	m.questions++
	r.last = &resolving{asked: now, removals: m.removals, known: make(chan struct{})}
	return r.last, true
}

// answered ends a question. Its answer is kept if it is better than what was known: a forged push must not put a good Server
// out, whatever Resolve says meanwhile.
func (m *Mux) answered(toUserName string, answer *resolving, isBetter bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	answer.isOver = true
	m.questions--
	close(answer.known)
	r := m.resolved[toUserName]
	switch {
	case r == nil || r.last != answer: // forgotten meanwhile
	case answer.err != nil && r.server != nil: // which serves on; soon it is asked again
	case answer.err != nil || answer.removals != m.removals:
		r.last = nil
	case isBetter:
		r.server, r.since = answer.server, answer.asked
		if r.server != nil {
			m.keys[r.server.config.Name] = toUserName
		}
	}
}

// withOwnName refuses a Server that would get the deliveries of another, or they its.
func (m *Mux) withOwnName(s *Server) (*Server, error) {
	if added := m.named(s.config.Name); added != nil && added != s {
		return nil, ofUser("Mux.Resolve", errors.New("its Server has the Name of another: "+show(added.config.Name)))
	}
	return s, nil
}

// remember makes room for a name; m.mu is held. If there are too many, one goes for which there was no Server, if one is soon
// found.
func (m *Mux) remember(toUserName string) *resolvedServer {
	if m.resolved == nil {
		m.resolved, m.keys = map[string]*resolvedServer{}, map[string]string{}
	}
	if len(m.resolved) >= mostResolved {
		last, looked := "", 0
		for name, other := range m.resolved {
			last = name
			if looked++; looked == 64 || other.server == nil {
				break
			}
		}
		m.forget(last)
	}
	r := &resolvedServer{}
	m.resolved[toUserName] = r
	return r
}

// namesOf are the names that a delivery's Server may have been found by, the
// likeliest first: those by which one of that Name is known, then all.
func (m *Mux) namesOf(d Delivery) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := []string{d.ReceiveID, d.CorpID, m.keys[d.App]}
	var known []string
	for _, name := range all {
		if r := m.resolved[name]; r != nil && r.server != nil && r.server.config.Name == d.App {
			known = append(known, name)
		}
	}
	return append(known, all[:2]...)
}

// forget forgets a name; m.mu is held.
func (m *Mux) forget(toUserName string) {
	if r := m.resolved[toUserName]; r != nil && r.server != nil && m.keys[r.server.config.Name] == toUserName {
		delete(m.keys, r.server.config.Name)
	}
	delete(m.resolved, toUserName)
}

// named is the Server of a Name that was added, nil if there is none.
func (m *Mux) named(name string) *Server {
	if routes := m.routes.Load(); routes != nil {
		for _, servers := range routes.byPath {
			for _, s := range servers {
				if s.config.Name == name {
					return s
				}
			}
		}
	}
	return nil
}

// Process routes a delivery to the Server of its App: one that was added, or one
// that Resolve has found or finds now, by the name it was found by before, by
// what the push was made for, or by the delivery's corp. It returns
// ErrUnknownApp if there is none. The delivery should be tried again later then,
// as one may be added.
func (m *Mux) Process(ctx context.Context, d Delivery) error {
	if s := m.named(d.App); s != nil {
		return s.Process(ctx, d)
	}
	var failed error
	asked := map[string]bool{"": true}
	for _, name := range m.namesOf(d) {
		if asked[name] {
			continue
		}
		asked[name] = true
		s, err := m.resolve(ctx, name, func(s *Server) bool { return s.config.Name == d.App })
		if s != nil {
			return s.Process(ctx, d)
		}
		failed = errors.Join(failed, err)
	}
	if failed != nil {
		return failed
	}
	return fmt.Errorf("openwork: %w: %s", ErrUnknownApp, show(d.App))
}
