package openworktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Call is a call of the API as it came in. It holds tokens and secrets.
type Call struct {
	Time   time.Time // by the platform's clock
	Method string
	Path   string // the endpoint: "/cgi-bin/user/get"
	Query  url.Values
	Header http.Header
	Body   []byte

	// Whose token the call carries. SuiteID is set for the tokens of a suite
	// and of a corp, CorpID for those of a corp and of the provider. Both are
	// empty where the token is not good.
	SuiteID, CorpID string

	suite *Suite
	corp  *Corp
}

// Decode reads the JSON body into v.
func (c *Call) Decode(v any) error { return json.Unmarshal(c.Body, v) }

// Errcode is the answer of an endpoint that fails: 40003, 60111 …
type Errcode int

// Handle adds an endpoint to the API, or replaces one: user/get, and whatever
// else the app calls. A call comes to answer only if its token is good and no
// limit is hit; which kind of token it is, answer can tell from the Call.
//
// What answer returns is sent as JSON, with errcode 0 unless it says otherwise;
// nil is that alone.
// An Errcode is sent as the failure it is; an http.Handler answers by itself,
// for what is no JSON. It may be called by several goroutines at once; no lock
// is held. An endpoint that is neither built in nor added is answered with
// HTTP status 404.
func (p *Platform) Handle(path string, answer func(*Call) any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endpoints[path] = answer
}

// Calls is how often an endpoint was called, or with "" how often any was;
// whatever was answered.
func (p *Platform) Calls(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[path]
}

// Log is what an endpoint was called with, in order, or with "" what any was:
// of the last 10 000 calls.
func (p *Platform) Log(path string) []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	var log []Call
	for _, c := range p.calls {
		if path == "" || c.Path == path {
			log = append(log, *c)
		}
	}
	return log
}

const (
	mostLogged = 10_000
	mostBody   = 256 << 20
)

// record keeps a call; p.mu is held.
func (p *Platform) record(c *Call) {
	p.counts[""]++
	p.counts[c.Path]++
	if len(p.calls) == 2*mostLogged {
		p.calls = append([]*Call(nil), p.calls[mostLogged:]...)
	}
	p.calls = append(p.calls, c)
}

// ServeHTTP answers one call of the API.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if err != nil {
		http.Error(w, "the body did not arrive", http.StatusBadRequest)
		return
	}
	c := &Call{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header, Body: body}
	answer, f := p.answer(c)
	if !f.wait(r.Context()) {
		return
	}
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Date", p.now().UTC().Format(http.TimeFormat))
	if handler, ok := answer.(http.Handler); ok {
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	maps.Copy(w.Header(), f.Header)
	if f.Status != 0 {
		w.WriteHeader(f.Status)
	}
	_, _ = w.Write(p.encode(answer))
}

// answer is what a call is answered, and what goes wrong with it.
func (p *Platform) answer(c *Call) (any, Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.Time = p.now()
	p.record(c)
	f := p.faultFor(c.Path)
	switch {
	case f.Code != 0:
		return Errcode(f.Code), f
	case f.answers():
		return []byte(f.Body), f
	case c.Path == installPath:
		return p.installPage(c), f
	}
	custom, isCustom := p.endpoints[c.Path]
	built, isBuilt := endpoints[c.Path]
	switch {
	case isCustom:
		if code := p.admitAny(c); code != 0 {
			return code, f
		}
		p.mu.Unlock()
		defer p.mu.Lock()
		return custom(c), f
	case isBuilt:
		if code := p.admit(c, built.token); code != 0 {
			return code, f
		}
		if c.Method != built.method {
			return Errcode(40063), f
		}
		return built.answer(p, c), f
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "openworktest: no endpoint "+c.Path+": add it with Platform.Handle", http.StatusNotFound)
	}), f
}

// endpoint is one that is built in.
type endpoint struct {
	method string
	token  tokenKind                  // that it wants; "": none
	answer func(*Platform, *Call) any // with p.mu held
}

// endpoints are those of an authorisation's life, and of the tokens.
var endpoints = map[string]endpoint{
	"/cgi-bin/service/get_suite_token":         {http.MethodPost, "", (*Platform).getSuiteToken},
	"/cgi-bin/service/get_provider_token":      {http.MethodPost, "", (*Platform).getProviderToken},
	"/cgi-bin/service/get_corp_token":          {http.MethodPost, suiteToken, (*Platform).getCorpToken},
	"/cgi-bin/gettoken":                        {http.MethodGet, "", (*Platform).getToken},
	"/cgi-bin/service/get_pre_auth_code":       {http.MethodGet, suiteToken, (*Platform).getPreAuthCode},
	"/cgi-bin/service/set_session_info":        {http.MethodPost, suiteToken, (*Platform).setSessionInfo},
	"/cgi-bin/service/get_customized_auth_url": {http.MethodPost, providerToken, (*Platform).getCustomizedAuthURL},
	"/cgi-bin/service/v2/get_permanent_code":   {http.MethodPost, suiteToken, (*Platform).getPermanentCode},
	"/cgi-bin/service/get_permanent_code":      {http.MethodPost, suiteToken, (*Platform).getPermanentCodeV1},
	"/cgi-bin/service/v2/get_auth_info":        {http.MethodPost, suiteToken, (*Platform).getAuthInfo},
	"/cgi-bin/service/get_auth_info":           {http.MethodPost, suiteToken, (*Platform).getAuthInfoV1},
	"/cgi-bin/service/get_admin_list":          {http.MethodPost, suiteToken, (*Platform).getSuiteAdmins},
	"/cgi-bin/agent/get_admin_list":            {http.MethodPost, corpToken, (*Platform).getAdmins},
	"/cgi-bin/getcallbackip":                   {http.MethodGet, corpToken, (*Platform).getCallbackIP},
	"/cgi-bin/get_api_domain_ip":               {http.MethodGet, corpToken, (*Platform).getAPIDomainIP},
	"/cgi-bin/get_jsapi_ticket":                {http.MethodGet, corpToken, (*Platform).getJSAPITicket},
	"/cgi-bin/ticket/get":                      {http.MethodGet, corpToken, (*Platform).getAgentTicket},
}

// encode is an answer as it is sent.
func (p *Platform) encode(answer any) []byte {
	switch answer := answer.(type) {
	case nil:
		return p.encode(struct{}{})
	case []byte:
		return answer
	case Errcode:
		return p.failure(answer)
	case bare:
		return marshal(map[string]any(answer))
	}
	text := marshal(answer)
	var head struct {
		Code *int `json:"errcode"`
	}
	if json.Unmarshal(text, &head) != nil || head.Code != nil {
		return text
	}
	rest := bytes.TrimPrefix(text, []byte("{"))
	if !bytes.HasPrefix(rest, []byte("}")) {
		rest = append([]byte(","), rest...)
	}
	return append([]byte(`{"errcode":0,"errmsg":"ok"`), rest...)
}

// bare is an answer without errcode: where WeCom leaves it out on success.
type bare map[string]any

// marshal writes JSON as WeCom does: &, < and > as they are.
func marshal(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("openworktest: an answer that is no JSON: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// failure is the answer with an errcode, and an errmsg in WeCom's form.
func (p *Platform) failure(code Errcode) []byte {
	text := errmsgs[code]
	if text == "" {
		text = "failed"
	}
	now := p.now()
	return marshal(struct {
		Code    Errcode `json:"errcode"`
		Message string  `json:"errmsg"`
	}{code, fmt.Sprintf("%s, hint: [%d_%d_%s], from ip: 192.0.2.1, more info at "+
		"https://open.work.weixin.qq.com/devtool/query?e=%d", text, now.Unix(), now.Nanosecond()%1000,
		strings.ToLower(p.letters(32, "hint", p.next("hint"))), code)})
}

// errmsgs are the texts of the errcodes that occur here: document/path/90313.
var errmsgs = map[Errcode]string{
	-1: "system busy", 40001: "invalid credential", 40013: "invalid corpid", 40014: "invalid access_token",
	40056: "invalid agentid", 40058: "invalid parameter", 40063: "some parameters are empty", 40077: "invalid pre_auth_code",
	40078: "invalid auth_code", 40080: "invalid suite_secret", 40082: "invalid suite_token", 40083: "invalid suite_id",
	40084: "invalid permanent_code", 40085: "invalid suite_ticket", 40091: "invalid secret", 41001: "access_token missing",
	41002: "corpid missing", 41004: "secret missing", 41008: "auth code missing", 41021: "suite_id missing",
	41022: "suite_access_token missing", 41023: "suite_ticket missing", 41024: "secret missing",
	41025: "permanent_code missing", 42001: "access_token expired", 42007: "pre_auth_code expired",
	42009: "suite_access_token expired", 45009: "reach max api daily quota limit", 45033: "api concurrent out of limit",
	48002: "api forbidden", 48004: "api forbidden, authorization cancelled", 60020: "not allow to access from your ip",
}

// fields are the texts of the JSON body; false if it is none, or has one of
// another type.
func (c *Call) fields(names ...*field) Errcode {
	var body map[string]any
	if len(bytes.TrimSpace(c.Body)) > 0 {
		if err := json.Unmarshal(c.Body, &body); err != nil {
			return 40058
		}
	}
	for _, f := range names {
		value, ok := body[f.name]
		if f.value, _ = value.(string); ok && f.value == "" && value != "" {
			return 40058
		}
		if f.value == "" {
			return f.missing
		}
	}
	return 0
}

// field is a text that a body must have.
type field struct {
	name    string
	missing Errcode // the answer if it is not there
	value   string
}
