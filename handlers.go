package openwork

import (
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/openwork-go/openwork/event"
)

// Handler handles a push, or passes it on. It decides what happens to it: call next(msg) to have the handlers after it
// run, return without to end here. The Reply is what WeCom is answered; an error is answered with 500, wins over a
// reply, and may make WeCom repeat the push.
//
//	func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
//		log.Println(msg.Name(), msg.CorpID)
//		return next(msg)
//	}
//
// Handlers run at the same time for different pushes. A panic in one is answered with 500 and logged.
type Handler func(msg *Message, next Next) (Reply, error)

// Next runs the handlers that come after. The last one answers Success. It may be called more than once, and with a copy
// of the message, such as WithContext makes.
type Next func(msg *Message) (Reply, error)

// registry holds the handlers in order of registration, and a compiled chain per name. Registration copies; a push that
// is being served keeps the chain it began with.
type registry struct {
	mu         sync.Mutex
	registered []registration
	chains     atomic.Pointer[chains]
}

type registration struct {
	on      route // the zero route: every push
	handler Handler
}

func (r registration) matches(push route) bool {
	return r.on == route{} || r.on == push || r.on.second == "" && r.on.first == push.first
}

// chains are looked up by the whole name, then by its first part; other is for names nobody registered for.
type chains struct {
	byName map[route]Next
	other  Next
}

// last answers a push that went through all handlers.
func last(*Message) (Reply, error) { return Success, nil }

func (r *registry) add(on route, handlers ...Handler) {
	for _, h := range handlers {
		if h == nil {
			panic("openwork: nil Handler")
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range handlers {
		r.registered = append(r.registered, registration{on, h})
	}
	old := r.chains.Load()
	if old == nil {
		old = &chains{other: last}
	}
	updated := &chains{byName: make(map[route]Next, len(old.byName)+1), other: old.other}
	for name, chain := range old.byName {
		updated.byName[name] = chain
	}
	changed := registration{on: on}
	if on == (route{}) {
		updated.other = r.compile(on)
	} else {
		updated.byName[on] = nil
	}
	for name := range updated.byName {
		if changed.matches(name) {
			updated.byName[name] = r.compile(name)
		}
	}
	r.chains.Store(updated)
}

// compile nests the handlers that match into one function: first(second(third(last))).
func (r *registry) compile(push route) Next {
	chain := Next(last)
	for i := len(r.registered) - 1; i >= 0; i-- {
		if !r.registered[i].matches(push) {
			continue
		}
		handler, next := r.registered[i].handler, chain
		chain = func(msg *Message) (Reply, error) { return handler(msg, next) }
	}
	return chain
}

// chain is what a push of that name runs through.
func (r *registry) chain(push route) Next {
	c := r.chains.Load()
	if c == nil {
		return last
	}
	if chain, ok := c.byName[push]; ok {
		return chain
	}
	if chain, ok := c.byName[route{first: push.first}]; ok {
		return chain
	}
	return c.other
}

// With registers handlers for every push, known to this package or not. Handlers run in order of registration, those of
// With and those for one event alike; one that does not call next ends the chain for all that come after it. It is safe
// to register while serving. A nil handler panics.
func (s *Server) With(handlers ...Handler) { s.handlers.add(route{}, handlers...) }

// Handle registers a handler for the pushes of one name, as Message.Name gives
// it, or of one family, by the first part of the name:
// "change_contact.create_user", "change_contact", "message.text", "message".
// Other pushes pass it by. The case of a name that package event knows does not
// matter; any other must be as WeCom writes it. It is safe to register while
// serving. An empty name or part of one and a nil handler panic.
func (s *Server) Handle(name string, h Handler) {
	first, second, isPart := strings.Cut(name, ".")
	if first == "" || isPart && second == "" {
		panic("openwork: Handle of a name with an empty part")
	}
	first, second = event.Canonical(first, second)
	s.handlers.add(route{first, second}, h)
}

// On registers a handler for one event of package event, which it gets decoded; both forms of the event reach it, and other
// events pass it by, with a ChangeType that this one has not among them. It is safe to register while serving. A nil handler
// panics, and so does a struct that only embeds one of package event, whose own fields would stay empty.
//
//	openwork.On(server, func(msg *openwork.Message, e *event.CreateUser, next openwork.Next) (openwork.Reply, error) {
//		log.Println(e.UserID, e.Department)
//		return next(msg)
//	})
func On[E any, P interface {
	*E
	event.Event
}](s *Server, h func(msg *Message, e P, next Next) (Reply, error)) {
	if h == nil {
		panic("openwork: nil Handler")
	}
	if !isOfCatalogue(reflect.TypeFor[E]()) {
		panic("openwork: On of a struct that embeds one of package event")
	}
	name := P(new(E)).EventName()
	first, second, _ := strings.Cut(name, ".")
	s.Handle(name, func(msg *Message, next Next) (Reply, error) {
		if msg.route() != (route{first, second}) {
			return next(msg)
		}
		e := P(new(E))
		event.Decode(&msg.doc, msg.head(), e)
		return h(msg, e, next)
	})
}

// One method per event that nearly every app handles; all others go through Handle and With. Each matches the event in
// both forms, where WeCom has two: InfoType for third-party apps, MsgType and Event for customized apps.

// HandleSuiteTicketRefreshed registers a handler for suite_ticket: a suite_ticket has arrived and is kept, every
// ten minutes. One that is older than the one at hand is ignored, and no handler runs. See document/path/90628.
func (s *Server) HandleSuiteTicketRefreshed(h Handler) { s.Handle("suite_ticket", h) }

// HandleAuthCreated registers a handler for create_auth: an administrator has installed the app: exchange
// Get("AuthCode"), good for 10 minutes and once, for the corp's permanent code. WeCom waits 1000 ms. Not pushed for
// installs begun on the provider's own site. See document/path/100964.
func (s *Server) HandleAuthCreated(h Handler) { s.Handle("create_auth", h) }

// HandleAuthChanged registers a handler for change_auth: a corp has changed what the app may see or do. WeCom waits
// 1000 ms. See document/path/100964.
func (s *Server) HandleAuthChanged(h Handler) { s.Handle("change_auth", h) }

// HandleAuthCancelled registers a handler for cancel_auth: a corp has removed the app: its data must be deleted.
// WeCom waits 1000 ms. See document/path/100964.
func (s *Server) HandleAuthCancelled(h Handler) { s.Handle("cancel_auth", h) }

// HandleContactChanged registers a handler for change_contact: anything in a corp's address book has changed;
// ChangeType says what. See document/path/90639.
func (s *Server) HandleContactChanged(h Handler) { s.Handle("change_contact", h) }

// HandleUserCreated registers a handler for change_contact.create_user: a member has been added. See
// document/path/90639.
func (s *Server) HandleUserCreated(h Handler) { s.Handle("change_contact.create_user", h) }

// HandleUserUpdated registers a handler for change_contact.update_user: a member has been changed; several fields are
// sent only if they changed. See document/path/90639.
func (s *Server) HandleUserUpdated(h Handler) { s.Handle("change_contact.update_user", h) }

// HandleUserDeleted registers a handler for change_contact.delete_user: a member has been removed. See
// document/path/90639.
func (s *Server) HandleUserDeleted(h Handler) { s.Handle("change_contact.delete_user", h) }

// HandlePartyCreated registers a handler for change_contact.create_party: a department (party) has been added. See
// document/path/90640.
func (s *Server) HandlePartyCreated(h Handler) { s.Handle("change_contact.create_party", h) }

// HandlePartyUpdated registers a handler for change_contact.update_party: a department (party) has been changed;
// only changed fields are sent. See document/path/90640.
func (s *Server) HandlePartyUpdated(h Handler) { s.Handle("change_contact.update_party", h) }

// HandlePartyDeleted registers a handler for change_contact.delete_party: a department (party) has been removed.
// See document/path/90640.
func (s *Server) HandlePartyDeleted(h Handler) { s.Handle("change_contact.delete_party", h) }

// HandleUserTagUpdated registers a handler for change_contact.update_tag: members or departments have been tagged
// or untagged. Order is not guaranteed: read the tag again rather than trust the lists. See document/path/90641.
func (s *Server) HandleUserTagUpdated(h Handler) { s.Handle("change_contact.update_tag", h) }

// HandleShareAgentChanged registers a handler for share_agent_change: a corp has shared the app with others of its
// group, or stopped to. See document/path/93373.
func (s *Server) HandleShareAgentChanged(h Handler) { s.Handle("share_agent_change", h) }

// HandleResetPermanentCode registers a handler for reset_permanent_code: an administrator has reset a customized
// app's secret: exchange Get("AuthCode") for the new one. WeCom waits 1000 ms. See document/path/94758.
func (s *Server) HandleResetPermanentCode(h Handler) { s.Handle("reset_permanent_code", h) }

// HandleChangeAppAdmin registers a handler for change_app_admin: the app's administrators have changed; arrives on
// the data URL. See document/path/95038.
func (s *Server) HandleChangeAppAdmin(h Handler) { s.Handle("change_app_admin", h) }
