package openwork_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

// secretMark is part of every secret, ticket, code and token of the pretend API, so that one search finds them all.
const secretMark = "s3cr3t"

// What the pretend API knows unless a test says otherwise. It accepts any ticket that has the mark.
const (
	testSuiteSecret    = secretMark + "-suite-secret"
	testProviderSecret = secretMark + "-provider-secret"
	testTicket         = secretMark + "-ticket-1"
	testPermanentCode  = secretMark + "-permanent-code"
	testAuthCode       = secretMark + "-auth-code"
)

// kindOfToken is the query parameter a token is sent in.
type kindOfToken string

const (
	suiteKind    kindOfToken = "suite_access_token"
	providerKind kindOfToken = "provider_access_token"
	corpKind     kindOfToken = "access_token"
)

// pretendAPI is WeCom's API as far as tokens go: an http.Handler that issues distinct tokens, refuses stale ones, counts
// the calls, and answers as scripted where a test wants something else. Endpoints are named by their path after
// "/cgi-bin/", without "service/": "get_suite_token", "gettoken", "user/get", "v2/get_permanent_code". It asks package
// time what time it is, so inside a bubble of testing/synctest its tokens age with the bubble.
type pretendAPI struct {
	mu       sync.Mutex
	calls    []apiCall
	scripts  map[string][]apiAnswer                  // the next answers of an endpoint, in order
	standing map[string]apiAnswer                    // what an endpoint answers after them
	more     map[string]func(call apiCall) apiAnswer // endpoints beyond those for tokens
	issued   map[string]issuedToken
	secrets  map[string]string // by suite id or provider corpid
	codes    map[string]string // permanent codes by corp
	tickets  map[string]string // by suite: the only ticket that is accepted, where there is one
	life     time.Duration     // of the tokens issued from now on
	sticky   bool              // repeated calls get the token that is alive, with what is left of its life
	serial   int
}

// issuedToken is a token that is or was good.
type issuedToken struct {
	kind    kindOfToken
	owner   string // the suite id, the provider's corpid, or the customer's
	ends    time.Time
	revoked bool
}

// apiCall is one request as it came in.
type apiCall struct {
	Endpoint string
	Method   string
	Query    url.Values
	Body     string
	JSON     map[string]any // of Body
	Token    string         // of whichever kind
	Kind     kindOfToken
	At       time.Time
}

// apiAnswer says how one call is answered. The zero value leaves it to the pretend API.
type apiAnswer struct {
	Code   int    // errcode of a failure, with an errmsg
	Body   string // the whole body, as it is
	Status int    // 0: 200
	Header http.Header

	Delay time.Duration   // the answer is made at once and arrives this much later, or never if the caller leaves
	Until <-chan struct{} // likewise, when the channel is closed
	Reset bool            // the connection breaks before the answer

	Token  string // an issuing endpoint issues this one
	Expiry string // an issuing endpoint sends this JSON as expires_in; "absent" leaves it out
	NoCode bool   // an issuing endpoint leaves errcode and errmsg out
}

// newPretendAPI knows testSuiteID, testProvider and testCorp.
func newPretendAPI() *pretendAPI {
	return &pretendAPI{
		scripts:  map[string][]apiAnswer{},
		standing: map[string]apiAnswer{},
		more:     map[string]func(apiCall) apiAnswer{},
		issued:   map[string]issuedToken{},
		secrets:  map[string]string{testSuiteID: testSuiteSecret, testProvider: testProviderSecret},
		codes:    map[string]string{testCorp: testPermanentCode},
		tickets:  map[string]string{},
		life:     7200 * time.Second,
	}
}

// client is an HTTP client that reaches the pretend API in process, without a socket: the one to use in a bubble.
func (a *pretendAPI) client() *http.Client { return &http.Client{Transport: inProcess{a}} }

// serve starts a real server on the loopback, for tests of the network itself, and returns its URL.
func (a *pretendAPI) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// script queues answers of an endpoint; when they are used up, it answers by itself again.
func (a *pretendAPI) script(endpoint string, answers ...apiAnswer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.scripts[endpoint] = append(a.scripts[endpoint], answers...)
}

// unscript drops the queued answers of an endpoint.
func (a *pretendAPI) unscript(endpoint string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.scripts, endpoint)
}

// always sets what an endpoint answers from now on; the zero apiAnswer undoes it.
func (a *pretendAPI) always(endpoint string, answer apiAnswer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.standing[endpoint] = answer
}

// handle adds an endpoint, or replaces one. Its token has been checked by then, if it carries one.
func (a *pretendAPI) handle(endpoint string, f func(call apiCall) apiAnswer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.more[endpoint] = f
}

// knowSuite, knowCode, acceptOnlyTicket and setLife change what the pretend API knows.
func (a *pretendAPI) knowSuite(suiteID, secret string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.secrets[suiteID] = secret
}

// knowCode sets the permanent code of a corp; an empty one means that the corp has cancelled.
func (a *pretendAPI) knowCode(corpID, permanentCode string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.codes[corpID] = permanentCode
}

func (a *pretendAPI) acceptOnlyTicket(suiteID, ticket string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tickets[suiteID] = ticket
}

func (a *pretendAPI) setLife(life time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.life = life
}

// revoke ends a token early: it is answered 40014 or 40082 from now on.
func (a *pretendAPI) revoke(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	issued := a.issued[token]
	issued.revoked = true
	a.issued[token] = issued
}

// expire makes a token look expired: it is answered 42001 or 42009 from now on.
func (a *pretendAPI) expire(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	issued := a.issued[token]
	issued.ends = time.Now()
	a.issued[token] = issued
}

// check tells why a token would be refused.
func (a *pretendAPI) check(token string, kind kindOfToken) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if code := a.refuse(apiCall{Token: token, Kind: kind}); code != 0 {
		return fmt.Errorf("%s would be answered %d", token, code)
	}
	return nil
}

func (a *pretendAPI) wasRevoked(token string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.issued[token].revoked
}

// called is how often an endpoint was called; "" counts all.
func (a *pretendAPI) called(endpoint string) int { return len(a.callsOf(endpoint)) }

// callsOf is what was called, in order; "" gives all.
func (a *pretendAPI) callsOf(endpoint string) []apiCall {
	a.mu.Lock()
	defer a.mu.Unlock()
	var calls []apiCall
	for _, call := range a.calls {
		if endpoint == "" || call.Endpoint == endpoint {
			calls = append(calls, call)
		}
	}
	return calls
}

// ServeHTTP answers one call.
func (a *pretendAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	call := apiCall{
		Endpoint: strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/cgi-bin/"), "service/"),
		Method:   r.Method, Query: r.URL.Query(), Body: string(body), At: time.Now(),
	}
	_ = json.Unmarshal(body, &call.JSON)
	for _, kind := range []kindOfToken{suiteKind, providerKind, corpKind} {
		if call.Query.Has(string(kind)) {
			call.Token, call.Kind = call.Query.Get(string(kind)), kind
		}
	}
	answer := a.answer(call)
	if answer.Delay > 0 {
		timer := time.NewTimer(answer.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	if answer.Until != nil {
		select {
		case <-answer.Until:
		case <-r.Context().Done():
			return
		}
	}
	if answer.Reset {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Date", call.At.UTC().Format(http.TimeFormat))
	maps.Copy(w.Header(), answer.Header)
	if answer.Status != 0 {
		w.WriteHeader(answer.Status)
	}
	_, _ = io.WriteString(w, answer.Body)
}

// answer takes the next scripted answer, or makes one.
func (a *pretendAPI) answer(call apiCall) apiAnswer {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, call)
	answer := a.standing[call.Endpoint]
	if queue := a.scripts[call.Endpoint]; len(queue) > 0 {
		answer, a.scripts[call.Endpoint] = queue[0], queue[1:]
	}
	if answer.Code != 0 {
		answer.Body = apiFailure(answer.Code)
	}
	if answer.Body != "" || answer.Status != 0 || answer.Reset {
		return answer
	}
	own := a.own(call, answer)
	if own.Code != 0 {
		own.Body = apiFailure(own.Code)
	}
	answer.Body, answer.Status = own.Body, own.Status
	return answer
}

// own is what WeCom would say, mu being held.
func (a *pretendAPI) own(call apiCall, wish apiAnswer) apiAnswer {
	field := func(name string) string { s, _ := call.JSON[name].(string); return s }
	if call.Kind != "" {
		if code := a.refuse(call); code != 0 {
			return apiAnswer{Code: code}
		}
	}
	if f := a.more[call.Endpoint]; f != nil {
		a.mu.Unlock()
		defer a.mu.Lock()
		return f(call)
	}
	switch call.Endpoint {
	case "get_provider_token":
		if secret, ok := a.secrets[field("corpid")]; !ok || secret != field("provider_secret") {
			return apiAnswer{Code: 40001}
		}
		return a.issue(providerKind, field("corpid"), wish)
	case "get_suite_token":
		secret, ok := a.secrets[field("suite_id")]
		only, picky := a.tickets[field("suite_id")]
		switch {
		case !ok:
			return apiAnswer{Code: 40083}
		case secret != field("suite_secret"):
			return apiAnswer{Code: 40080}
		case picky && only != field("suite_ticket"), !strings.HasPrefix(field("suite_ticket"), secretMark):
			return apiAnswer{Code: 40085}
		}
		return a.issue(suiteKind, field("suite_id"), wish)
	case "get_corp_token":
		if call.Kind != suiteKind {
			return apiAnswer{Code: 41022}
		}
		if code := a.codes[field("auth_corpid")]; code == "" || code != field("permanent_code") {
			return apiAnswer{Code: 40084}
		}
		return a.issue(corpKind, field("auth_corpid"), wish)
	case "gettoken":
		corp := call.Query.Get("corpid")
		if code := a.codes[corp]; code == "" || code != call.Query.Get("corpsecret") {
			return apiAnswer{Code: 40001}
		}
		return a.issue(corpKind, corp, wish)
	}
	if call.Kind == "" {
		return apiAnswer{Code: 41001}
	}
	owner, _ := json.Marshal(a.issued[call.Token].owner)
	return apiAnswer{Body: `{"errcode":0,"errmsg":"ok","owner":` + string(owner) + `}`}
}

// refuse is the errcode for a token that is not good for the parameter it is in, or 0.
func (a *pretendAPI) refuse(call apiCall) int {
	invalid, expired := 40014, 42001
	if call.Kind == suiteKind {
		invalid, expired = 40082, 42009
	}
	issued, ok := a.issued[call.Token]
	switch {
	case !ok || issued.kind != call.Kind || issued.revoked:
		return invalid
	case !time.Now().Before(issued.ends):
		return expired
	}
	return 0
}

// issue makes a token that nobody has had before, or repeats the live one where the API is sticky.
func (a *pretendAPI) issue(kind kindOfToken, owner string, wish apiAnswer) apiAnswer {
	life, token := a.life, wish.Token
	if a.sticky {
		for known, issued := range a.issued {
			if left := time.Until(issued.ends); issued.kind == kind && issued.owner == owner && left > 0 && !issued.revoked {
				token, life = known, left
			}
		}
	}
	if token == "" {
		a.serial++
		token = fmt.Sprintf("%s-%s-%d", secretMark, kind, a.serial)
	}
	a.issued[token] = issuedToken{kind: kind, owner: owner, ends: time.Now().Add(life)}
	answer := map[string]any{string(kind): token, "expires_in": json.RawMessage(strconv.Itoa(int(life / time.Second)))}
	switch wish.Expiry {
	case "":
	case "absent":
		delete(answer, "expires_in")
	default:
		answer["expires_in"] = json.RawMessage(wish.Expiry)
	}
	if !wish.NoCode {
		answer["errcode"], answer["errmsg"] = 0, "ok"
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return apiAnswer{Body: string(body)}
}

// apiFailure is the body of a failure, with an errmsg in WeCom's form.
func apiFailure(code int) string {
	return fmt.Sprintf(`{"errcode":%d,"errmsg":"pretend failure, hint: [1700000000_123_abcdef], from ip: 192.0.2.1, `+
		`more info at https://open.work.weixin.qq.com/devtool/query?e=%d"}`, code, code)
}

// inProcess is an http.RoundTripper that calls a handler without a socket. As with one, the caller gets away when its
// context ends, and the handler notices.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, leave := context.WithCancel(r.Context())
	body := []byte{}
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			leave()
			return nil, err
		}
		_ = r.Body.Close()
	}
	incoming := r.Clone(ctx)
	incoming.Body = io.NopCloser(bytes.NewReader(body))
	incoming.RequestURI = r.URL.RequestURI()

	answered := make(chan *http.Response, 1)
	go func() {
		defer close(answered)
		defer func() {
			if recovered := recover(); recovered != nil && recovered != any(http.ErrAbortHandler) {
				panic(recovered)
			}
		}()
		w := httptest.NewRecorder()
		p.handler.ServeHTTP(w, incoming)
		answered <- w.Result()
	}()
	select {
	case <-ctx.Done():
		leave()
		return nil, r.Context().Err()
	case response, ok := <-answered:
		leave()
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		response.Request = r
		return response, nil
	}
}

// freshTickets is a ticket store of its own that holds a ticket of each suite, issued now. Without suites it holds one of
// testSuiteID.
func freshTickets(t *testing.T, suites ...string) openwork.TicketStore {
	t.Helper()
	if len(suites) == 0 {
		suites = []string{testSuiteID}
	}
	tickets := openwork.TicketsIn(openwork.NewMemoryCache())
	for _, suite := range suites {
		ticket := openwork.SuiteTicket{Value: testTicket, Time: time.Now().Truncate(time.Second)}
		require.NoError(t, tickets.PutTicket(context.Background(), suite, ticket))
	}
	return tickets
}
