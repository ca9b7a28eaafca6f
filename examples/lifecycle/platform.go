package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
)

// platform pretends to be WeCom's API, as far as this story needs it: it refuses what WeCom refuses.
type platform struct {
	suiteID, secret string

	mu        sync.Mutex
	count     int
	exchanges int
	authCodes map[string]string // auth_code: corp
	codes     map[string]string // corp: permanent code
	tokens    map[string]string // access_token: corp
}

const (
	suiteTicket = "the-ticket-of-these-ten-minutes"
	suiteToken  = "the-suite-access-token"
)

func newPlatform(suiteID, secret string) *platform {
	return &platform{suiteID: suiteID, secret: secret,
		authCodes: map[string]string{}, codes: map[string]string{}, tokens: map[string]string{}}
}

func (p *platform) ticket() string { return suiteTicket }

// authorize is an administrator's click: it makes an auth_code for the corp.
func (p *platform) authorize(corp, authCode string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.authCodes[authCode] = corp
	return authCode
}

func (p *platform) cancel(corp string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.codes, corp)
	p.dropTokens(corp)
}

func (p *platform) endTokens(corp string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropTokens(corp)
}

func (p *platform) dropTokens(corp string) {
	for token, owner := range p.tokens {
		if owner == corp {
			delete(p.tokens, token)
		}
	}
}

func (p *platform) calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

func (p *platform) expectExchanges(want int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.exchanges != want {
		return fmt.Errorf("%d exchanges, not %d", p.exchanges, want)
	}
	return nil
}

// ServeHTTP implements http.Handler.
func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in map[string]string
	_ = json.NewDecoder(r.Body).Decode(&in) // the calls without a body leave it empty
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_ = json.NewEncoder(w).Encode(p.answer(r, in))
}

func (p *platform) answer(r *http.Request, in map[string]string) map[string]any {
	fail := func(code int) map[string]any { return map[string]any{"errcode": code, "errmsg": "refused"} }
	query := r.URL.Query()
	switch r.URL.Path {
	case "/cgi-bin/service/get_suite_token":
		if in["suite_id"] != p.suiteID || in["suite_secret"] != p.secret || in["suite_ticket"] != suiteTicket {
			return fail(40085)
		}
		return map[string]any{"suite_access_token": suiteToken, "expires_in": 7200}
	case "/cgi-bin/user/get":
		if p.tokens[query.Get("access_token")] == "" {
			return fail(40014)
		}
		return map[string]any{"errcode": 0, "userid": query.Get("userid"), "name": "member " + query.Get("userid")}
	}
	if query.Get("suite_access_token") != suiteToken {
		return fail(40082)
	}
	corp := in["auth_corpid"]
	if corp != "" && (p.codes[corp] == "" || p.codes[corp] != in["permanent_code"]) {
		return fail(40084)
	}
	switch r.URL.Path {
	case "/cgi-bin/service/get_pre_auth_code":
		return map[string]any{"errcode": 0, "pre_auth_code": "a-pre-auth-code", "expires_in": 1200}
	case "/cgi-bin/service/v2/get_permanent_code":
		corp := p.authCodes[in["auth_code"]]
		if corp == "" {
			return fail(40078)
		}
		delete(p.authCodes, in["auth_code"])
		p.exchanges++
		p.codes[corp] = fmt.Sprintf("permanent-code-%d", p.exchanges)
		p.dropTokens(corp)
		return map[string]any{"permanent_code": p.codes[corp], "auth_corp_info": map[string]any{"corpid": corp, "corp_name": "a corp"}}
	case "/cgi-bin/service/v2/get_auth_info":
		return map[string]any{"errcode": 0, "auth_corp_info": map[string]any{"corpid": corp},
			"auth_info": map[string]any{"agent": []any{map[string]any{"agentid": 1000002,
				"privilege": map[string]any{"level": 1, "allow_user": []string{"zhangsan", "lisi"}}}}}}
	case "/cgi-bin/service/get_corp_token":
		token := fmt.Sprintf("access-token-%d", p.count)
		p.tokens[token] = corp
		return map[string]any{"access_token": token, "expires_in": 7200}
	}
	return fail(404)
}
