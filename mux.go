package openwork

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Mux serves several Servers behind one handler: apps, templates, customized apps and the provider's system events, each
// with a pair of its own. On one path it finds the Server by the envelope's ToUserName, a hint that the signature must
// confirm, and else by whose Token verifies. The zero value is ready; set the fields before it serves. It is safe for
// concurrent use, and Servers may be added and removed while it serves.
type Mux struct {
	// Resolve finds the Server of a corp's customized app when none of those added to the path verifies: from the user's
	// database, by the envelope's ToUserName, which is not verified yet. It returns nil for what it does not know. nil: only
	// added Servers are served.
	Resolve func(ctx context.Context, toUserName string) (*Server, error)

	// Keep is how long an answer of Resolve is used, for at most 10 000 names; that there is none, for a minute at most. 0: 10
	// minutes.
	Keep time.Duration

	mu       sync.Mutex
	standIn  *Server                   // receives where there is no Server but those that Resolve finds
	routes   atomic.Pointer[muxRoutes] // replaced, never changed
	resolved map[string]resolvedServer
}

type muxRoutes struct{ byPath map[string][]*Server }

type resolvedServer struct {
	server *Server // nil: none
	until  time.Time
}

// mostOnPath bounds the Servers of one path: each may cost a signature per push.
const mostOnPath = 64

const mostResolved = 10_000

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

// Remove stops serving the Server of a Name, at all paths. Pushes that it has begun with are finished.
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
	for key, r := range m.resolved {
		if r.server != nil && r.server.config.Name == name {
			delete(m.resolved, key)
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
	if len(servers) == 0 && m.Resolve == nil {
		_ = ErrorResponse(ErrUnknownApp).Send(w)
		return
	}
	limitBody(w, r)
	s, e, err := m.choose(w, r, servers)
	if err != nil {
		m.receiver(servers).sendError(w, err)
		return
	}
	s.answer(w, r, e)
}

// Serve is ServeHTTP for a handler of one's own, as Server.Serve is. At a path without Servers it returns ErrUnknownApp.
func (m *Mux) Serve(r *http.Request) (*Response, error) {
	servers := m.on(r.URL.Path)
	if len(servers) == 0 && m.Resolve == nil {
		return nil, fmt.Errorf("openwork: %w: path %s", ErrUnknownApp, show(r.URL.Path))
	}
	s, e, err := m.choose(nil, r, servers)
	if err != nil {
		return nil, err
	}
	return s.serve(nil, r, e)
}

// choose finds the Server that a request is for, and receives it on the way if there are several.
func (m *Mux) choose(w http.ResponseWriter, r *http.Request, servers []*Server) (*Server, *Envelope, error) {
	if len(servers) == 1 && m.Resolve == nil {
		return servers[0], nil, nil
	}
	first := m.receiver(servers)
	e := &Envelope{}
	if err := first.receive(w, r, e); err != nil {
		return nil, nil, first.refuse(r, err)
	}
	var signed []*Server // hinted ones first
	for _, hinted := range []bool{true, false} {
		for _, s := range servers {
			isHinted := e.ToUserName != "" && (s.config.SuiteID == e.ToUserName || s.config.ProviderCorpID == e.ToUserName)
			if isHinted == hinted && s.signer(e) != nil {
				signed = append(signed, s)
			}
		}
	}
	for _, s := range signed {
		if len(signed) == 1 || s.decrypts(e) { // several have one Token, and differ in the key
			return s, e, nil
		}
	}
	if len(signed) > 0 {
		return signed[0], e, nil
	}
	s, err := m.resolve(r.Context(), e.ToUserName)
	if err != nil {
		return nil, nil, first.refuse(r, err)
	}
	if s == nil || s.signer(e) == nil {
		return nil, nil, first.refuse(r, refused(ErrSignature, checkSignature, ""))
	}
	return s, e, nil
}

// receiver is the first Server, or one that serves nothing.
func (m *Mux) receiver(servers []*Server) *Server {
	if len(servers) > 0 {
		return servers[0]
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.standIn == nil {
		m.standIn = &Server{config: Config{Name: "mux", MaxBodyBytes: defaultMaxBodyBytes, Logger: slog.Default()}}
	}
	return m.standIn
}

// decrypts tells whether one of the Server's keys has encrypted the envelope.
func (s *Server) decrypts(e *Envelope) bool {
	for _, crypto := range []*Crypto{s.crypto, s.previous} {
		if crypto == nil {
			continue
		}
		frame, _ := decodeCiphertext(nil, e.Encrypt) // decryption overwrites it
		if _, _, ok := crypto.decrypt(frame); ok {
			return true
		}
	}
	return false
}

// resolve asks Resolve, or remembers what it said.
func (m *Mux) resolve(ctx context.Context, toUserName string) (*Server, error) {
	if m.Resolve == nil || toUserName == "" || !isID(toUserName) {
		return nil, nil
	}
	now := time.Now()
	m.mu.Lock()
	known, ok := m.resolved[toUserName]
	m.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.server, nil
	}
	server, err := m.Resolve(ctx, toUserName)
	if err != nil {
		return nil, &handlerError{err: fmt.Errorf("Mux.Resolve: %w", err)}
	}
	keep := m.Keep
	if keep == 0 {
		keep = 10 * time.Minute
	}
	if server == nil {
		keep = min(keep, time.Minute) // it may be about to be installed
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.resolved == nil {
		m.resolved = map[string]resolvedServer{}
	}
	if len(m.resolved) >= mostResolved {
		for name, r := range m.resolved { // whatever comes first: names are cheap to ask for again
			if delete(m.resolved, name); r.server == nil || len(m.resolved) < mostResolved {
				break
			}
		}
	}
	m.resolved[toUserName] = resolvedServer{server, now.Add(keep)}
	return server, nil
}

// Process routes a delivery to the Server of its App: one that was added, or one that Resolve finds by the delivery's corp.
// It returns ErrUnknownApp if there is none.
func (m *Mux) Process(ctx context.Context, d Delivery) error {
	if routes := m.routes.Load(); routes != nil {
		for _, servers := range routes.byPath {
			for _, s := range servers {
				if s.config.Name == d.App {
					return s.Process(ctx, d)
				}
			}
		}
	}
	s, err := m.resolve(ctx, d.CorpID)
	if err != nil {
		return err
	}
	if s == nil || s.config.Name != d.App {
		return fmt.Errorf("openwork: %w: %s", ErrUnknownApp, show(d.App))
	}
	return s.Process(ctx, d)
}
