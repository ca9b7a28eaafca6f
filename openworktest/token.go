package openworktest

import (
	"strings"
	"time"
)

// tokenKind is the query parameter that a token comes in. Tickets of the
// JS-SDK are kept like tokens, and are good as none.
type tokenKind string

const (
	suiteToken    tokenKind = "suite_access_token"
	providerToken tokenKind = "provider_access_token"
	corpToken     tokenKind = "access_token"
	jsapiTicket   tokenKind = "jsapi_ticket"
	agentTicket   tokenKind = "agent_ticket"
)

// token is one that was issued.
type token struct {
	kind   tokenKind
	suite  *Suite // of a suite or a corp
	corp   *Corp  // of a corp
	corpID string // of a corp or the provider
	value  string
	ends   time.Time
	ended  bool // before its time
}

// issue makes a token, or finds the one of the same owner that is good, and
// says how many seconds it has left. p.mu is held.
func (p *Platform) issue(t token) (value string, expiresIn int64) {
	owner := []string{string(t.kind), t.corpID}
	if t.suite != nil {
		owner = append(owner, t.suite.suiteID)
	}
	now, key := p.now(), strings.Join(owner, " ")
	if known := p.current[key]; known != nil && !known.ended {
		if left := known.ends.Sub(now); left >= time.Second {
			return known.value, int64(left / time.Second)
		}
	}
	t.value = p.secret(86, append(owner, p.nextHeld(owner...))...)
	t.ends = now.Add(p.config.TokenLife)
	p.tokens[t.value], p.current[key] = &t, &t
	return t.value, int64(p.config.TokenLife / time.Second)
}

// endTokens ends tokens before their time.
func (p *Platform) endTokens(which func(*token) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endTokensHeld(which)
}

func (p *Platform) endTokensHeld(which func(*token) bool) {
	for _, t := range p.tokens {
		if which(t) {
			t.ended = true
		}
	}
}

// admit looks at the token of a call, and at the limits; it is 0 if the call
// may go on. p.mu is held.
func (p *Platform) admit(c *Call, kind tokenKind) Errcode {
	if kind == "" {
		return p.limit(c, c.Query.Get("corpid"))
	}
	missing, invalid, expired := Errcode(41001), Errcode(40014), Errcode(42001)
	if kind == suiteToken {
		missing, invalid, expired = 41022, 40082, 42009
	}
	value := c.Query.Get(string(kind))
	t := p.tokens[value]
	switch {
	case value == "":
		return missing
	case t == nil || t.kind != kind || t.ended:
		return invalid
	case !p.now().Before(t.ends):
		return expired
	}
	c.suite, c.corp, c.CorpID = t.suite, t.corp, t.corpID
	if t.suite != nil {
		c.SuiteID = t.suite.suiteID
	}
	if kind == corpToken {
		return p.limit(c, t.corpID)
	}
	return p.limit(c, "")
}

// admitAny is admit for an endpoint that was added: for the kind of token that
// the call carries.
func (p *Platform) admitAny(c *Call) Errcode {
	for _, kind := range []tokenKind{suiteToken, providerToken} {
		if c.Query.Has(string(kind)) {
			return p.admit(c, kind)
		}
	}
	return p.admit(c, corpToken)
}

func (p *Platform) limit(c *Call, corpID string) Errcode {
	if p.isLimited(c.Path, c.SuiteID, corpID) {
		return 45009
	}
	return 0
}

// getSuiteToken: document/path/90600.
func (p *Platform) getSuiteToken(c *Call) any {
	id, secret, ticket := &field{"suite_id", 41021, ""}, &field{"suite_secret", 41024, ""}, &field{"suite_ticket", 41023, ""}
	if code := c.fields(id, secret, ticket); code != 0 {
		return code
	}
	if p.isBarred() {
		return Errcode(45009)
	}
	s := p.suites[id.value]
	switch {
	case s == nil:
		return p.wrongSecret(40083)
	case s.secret != secret.value:
		return p.wrongSecret(40080)
	case !s.hasTicket(ticket.value):
		return p.wrongSecret(40085)
	}
	value, expiresIn := p.issue(token{kind: suiteToken, suite: s})
	return bare{"suite_access_token": value, "expires_in": expiresIn}
}

// getProviderToken: document/path/91200.
func (p *Platform) getProviderToken(c *Call) any {
	id, secret := &field{"corpid", 41002, ""}, &field{"provider_secret", 41024, ""}
	if code := c.fields(id, secret); code != 0 {
		return code
	}
	switch {
	case p.isBarred():
		return Errcode(45009)
	case !p.providers[id.value]:
		return p.wrongSecret(40013)
	case p.providerSecret(id.value) != secret.value:
		return p.wrongSecret(40001)
	}
	value, expiresIn := p.issue(token{kind: providerToken, corpID: id.value})
	return bare{"provider_access_token": value, "expires_in": expiresIn}
}

// getCorpToken: document/path/90605.
func (p *Platform) getCorpToken(c *Call) any {
	if p.isBarred() {
		return Errcode(45009)
	}
	if c.suite.app == customized {
		return Errcode(48002) // a customized app's permanent code is its secret: see getToken
	}
	corp, code := p.authorized(c)
	if code != 0 {
		return code
	}
	value, expiresIn := p.corpTokenOf(corp)
	return bare{"access_token": value, "expires_in": expiresIn}
}

func (p *Platform) corpTokenOf(corp *Corp) (value string, expiresIn int64) {
	return p.issue(token{kind: corpToken, suite: corp.suite, corp: corp, corpID: corp.id})
}

// getToken, for customized apps: document/path/97164.
func (p *Platform) getToken(c *Call) any {
	corpID, secret := c.Query.Get("corpid"), c.Query.Get("corpsecret")
	switch {
	case corpID == "":
		return Errcode(41002)
	case secret == "":
		return Errcode(41004)
	case p.isBarred():
		return Errcode(45009)
	}
	corpIsKnown, secretIsKnown := false, false
	for _, s := range p.suites {
		for _, corp := range s.corps {
			corpIsKnown = corpIsKnown || corp.id == corpID
			if s.app != customized || corp.permanentCode != secret {
				continue
			}
			if corp.id == corpID {
				value, expiresIn := p.corpTokenOf(corp)
				return map[string]any{"access_token": value, "expires_in": expiresIn}
			}
			secretIsKnown = true
		}
	}
	switch {
	case !corpIsKnown:
		return p.wrongSecret(40013)
	case secretIsKnown:
		return p.wrongSecret(40091)
	}
	return p.wrongSecret(40001)
}

// getJSAPITicket and getAgentTicket: document/path/90506.
func (p *Platform) getJSAPITicket(c *Call) any { return p.jsTicket(c, jsapiTicket) }

func (p *Platform) getAgentTicket(c *Call) any {
	if c.Query.Get("type") != "agent_config" {
		return Errcode(40058)
	}
	return p.jsTicket(c, agentTicket)
}

func (p *Platform) jsTicket(c *Call, kind tokenKind) any {
	value, expiresIn := p.issue(token{kind: kind, suite: c.suite, corp: c.corp, corpID: c.CorpID})
	return map[string]any{"ticket": value, "expires_in": expiresIn}
}
