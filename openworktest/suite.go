package openworktest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
)

// Suite is a third-party app in the provider console: its command URL and its
// data URL, which have one Token and EncodingAESKey and are one URL here, and
// its secret. Make one with Platform.NewSuite; it is safe for concurrent use.
// See document/path/90613.
type Suite struct {
	callback
	suiteID, secret, providerCorpID string
	app                             string // third_party or customized

	// Under the platform's lock.
	tickets []*suiteTicket
	corps   map[string]*Corp
}

// suiteTicket is a suite_ticket that is good.
type suiteTicket struct {
	value  string
	issued time.Time
}

const (
	ticketLife  = 30 * time.Minute
	ticketEvery = 10 * time.Minute
)

// NewSuite makes a third-party app. For ids, a Token or a key that are fixed
// elsewhere, edit the Config that it is made from: SuiteID, ProviderCorpID,
// Token and EncodingAESKey count. It panics for an id that there is already,
// and for a key of another shape.
func (p *Platform) NewSuite(edits ...func(*openwork.Config)) *Suite {
	return p.newSuite(thirdParty, "ww", edits)
}

// Template is a template of customized apps (代开发应用模板) in the provider
// console: a Suite whose id begins with dk. Its own URL gets the suite_ticket
// and the authorisation events. All else goes to the customized app of the
// corp, in the form that self-built apps get: to the same URL with the same
// Token and EncodingAESKey, as these are prefilled; or to Corp.OwnURL. See
// document/path/97165.
type Template struct{ *Suite }

// NewTemplate makes a template; edits are those of NewSuite.
func (p *Platform) NewTemplate(edits ...func(*openwork.Config)) *Template {
	return &Template{p.newSuite(customized, "dk", edits)}
}

func (p *Platform) newSuite(app, start string, edits []func(*openwork.Config)) *Suite {
	name := app + p.next("suite", app)
	s := &Suite{callback: p.newCallback(name), app: app, secret: p.secret(43, "suite_secret", name), corps: map[string]*Corp{}}
	config := openwork.Config{SuiteID: p.hexID(start, "suite", name), Token: s.token, EncodingAESKey: s.key,
		ProviderCorpID: p.providerCorpID}
	for _, edit := range edits {
		edit(&config)
	}
	keyOf(config.EncodingAESKey)
	s.suiteID, s.token, s.key, s.providerCorpID = config.SuiteID, config.Token, config.EncodingAESKey, config.ProviderCorpID
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.suiteID == "" || s.token == "" || p.suites[s.suiteID] != nil {
		panic(fmt.Sprintf("openworktest: a suite without SuiteID or Token, or the second of the id %q", s.suiteID))
	}
	p.suites[s.suiteID], p.providers[s.providerCorpID] = s, true
	return s
}

// Format shows the id, not the secrets.
func (s *Suite) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openworktest.Suite{%s}", s.suiteID)
}

// Config is what the provider console says: SuiteID, Token, EncodingAESKey and
// ProviderCorpID. All else is left to the caller, a Cache too.
func (s *Suite) Config() openwork.Config {
	return openwork.Config{SuiteID: s.suiteID, Token: s.token, EncodingAESKey: s.key, ProviderCorpID: s.providerCorpID}
}

// ClientConfig is for a Client that calls the platform in process: the ids and
// secrets of the suite and the provider, and the HTTPClient. To call over HTTP,
// set HTTPClient to nil and BaseURL to where the Platform is served. codes may
// be nil where no call for a corp is made.
func (s *Suite) ClientConfig(tickets openwork.TicketStore, codes func(ctx context.Context, corpID string) (string, error)) openwork.ClientConfig {
	return openwork.ClientConfig{SuiteID: s.suiteID, SuiteSecret: s.secret,
		ProviderCorpID: s.providerCorpID, ProviderSecret: s.platform.providerSecret(s.providerCorpID),
		Tickets: tickets, PermanentCodes: codes, HTTPClient: s.platform.HTTPClient()}
}

// CheckURL does what the console does when the URL is saved: a GET with an
// echo that is made for the provider's corpid and must come back within a
// second. See document/path/91116.
func (s *Suite) CheckURL(ctx context.Context) (Answer, error) {
	return s.newCheck(s.providerCorpID, s.providerCorpID).run(ctx)
}

// SendTicket makes a new suite_ticket and pushes it. It buys tokens from now
// on, for 30 minutes. Once the push is accepted, older tickets buy none; until
// then they do for their own 30 minutes, so that a missed push does no harm.
// See document/path/90628.
func (s *Suite) SendTicket(ctx context.Context) (Answer, error) {
	p := s.platform
	ticket := &suiteTicket{value: p.secret(64, "suite_ticket", s.suiteID, p.next("suite_ticket", s.suiteID)), issued: p.now()}
	p.mu.Lock()
	s.tickets = append(s.tickets, ticket)
	p.mu.Unlock()
	text, _, err := document(&event.SuiteTicket{SuiteTicket: ticket.value}, s.app, head{suiteID: s.suiteID, at: ticket.issued})
	if err != nil {
		return Answer{}, err
	}
	answer, err := s.PushXML(ctx, text)
	if answer.Verdict == Accepted || answer.Verdict == Repeated {
		p.mu.Lock()
		defer p.mu.Unlock()
		for i, known := range s.tickets {
			if known == ticket {
				s.tickets = s.tickets[i:]
				break
			}
		}
	}
	return answer, err
}

// SendTickets pushes a suite_ticket now and every 10 minutes, until ctx ends;
// then it returns ctx's error. It waits in the time of package time. A push
// that is not accepted is no error.
func (s *Suite) SendTickets(ctx context.Context) error {
	for {
		if _, err := s.SendTicket(ctx); err != nil {
			return err
		}
		if err := sleep(ctx, ticketEvery); err != nil {
			return err
		}
	}
}

// hasTicket tells whether a suite_ticket is good; the platform's lock is held.
func (s *Suite) hasTicket(value string) bool {
	for _, ticket := range s.tickets {
		if ticket.value == value {
			return s.platform.now().Sub(ticket.issued) < ticketLife
		}
	}
	return false
}

// Corp is the corp of an id, as this app knows it. One that is not known is
// made, and has not installed the app: see Corp.Install. Suites may have corps
// of one id, which are one customer.
func (s *Suite) Corp(id string) *Corp {
	s.platform.mu.Lock()
	defer s.platform.mu.Unlock()
	if s.corps[id] == nil {
		s.corps[id] = newCorp(s, id)
	}
	return s.corps[id]
}

// newCorp is a corp that nobody has heard of before.
func (s *Suite) newCorp() *Corp {
	return s.Corp("wp" + s.platform.letters(30, "corp", s.platform.next("corp")))
}

// Install has a new corp install the app from the app market, or authorise the
// template: WeCom pushes create_auth, with an auth_code that works once, within
// 10 minutes. The error is that of the push; whatever its answer, the corp has
// installed the app. See document/path/100964.
func (s *Suite) Install(ctx context.Context) (*Corp, Answer, error) {
	corp := s.newCorp()
	answer, err := corp.Install(ctx)
	return corp, answer, err
}

// Authorize has a new corp install the app on the provider's own site: nothing
// is pushed, and the redirect brings the auth_code.
func (s *Suite) Authorize(ctx context.Context) (corp *Corp, authCode string, err error) {
	corp = s.newCorp()
	authCode, err = corp.Authorize(ctx)
	return corp, authCode, err
}

// Scan has a new corp authorise the template by a QR code that
// get_customized_auth_url made: as Install does, with the code's state.
func (t *Template) Scan(ctx context.Context, qrCodeURL string) (*Corp, Answer, error) {
	state, ok := t.platform.scanned(qrCodeURL, t.suiteID)
	if !ok {
		return nil, Answer{}, errors.New("openworktest: get_customized_auth_url made no such QR code for this template, or it has expired")
	}
	corp := t.newCorp()
	corp.SetState(state)
	answer, err := corp.Install(ctx)
	return corp, answer, err
}

// PushXML pushes any text to the command URL, or the template's, made for the
// suite: events that are not in the catalogue, and what no honest WeCom sends.
func (s *Suite) PushXML(ctx context.Context, xml string) (Answer, error) {
	return s.newDelivery(xml, s.suiteID, s.providerCorpID, "", true).run(ctx)
}

// EndToken ends the suite_access_token before its time, as WeCom may: it is
// answered 40082 from now on.
func (s *Suite) EndToken() {
	s.platform.endTokens(func(t *token) bool { return t.kind == suiteToken && t.suite == s })
}
