package openwork

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ClientConfig says for whom a Client calls WeCom's API: a suite, the provider,
// or both. Printed, logged or marshalled, it shows the ids only, as Config
// does.
type ClientConfig struct {
	// SuiteID and SuiteSecret of the app or template. A template's begins with
	// "dk": its customized apps get their tokens with the permanent code as
	// secret.
	SuiteID, SuiteSecret string

	// ProviderCorpID and ProviderSecret (provider_secret), for calls of the
	// provider's own.
	ProviderCorpID, ProviderSecret string

	// Tickets is where the suite_ticket is: Server.Tickets() in the process
	// that receives pushes, TicketsIn elsewhere. Required with SuiteID: nothing
	// is worse than a second, empty ticket store.
	Tickets TicketStore

	// PermanentCodes looks a corp's permanent code up in the user's database.
	// Required for Corp. An empty code means that the corp has not authorised
	// the suite. It is called when a token is fetched, and once more when WeCom
	// refuses the code, since another replica may have stored a new one; for a
	// corp without a code at every call. It has 5 seconds, and is asked once
	// more if it fails.
	PermanentCodes func(ctx context.Context, corpID string) (string, error)

	Cache      Cache        // shared between replicas; nil: a MemoryCache
	Claims     Claimer      // nil: Cache if it is one, else each replica fetches for itself
	HTTPClient *http.Client // nil: one with a timeout of 10 seconds and at most 64 connections; redirects are not followed
	BaseURL    string       // "": DefaultBaseURL
	Logger     *slog.Logger // nil: slog.Default()

	// MaxAnswerBytes limits the answers to calls of Suite, Provider and Corp,
	// which are read into memory. A longer one is an error. 0: 32 MiB; at most
	// 1 GiB. Answers that bring a token are read to 1 MiB.
	MaxAnswerBytes int64
}

// String shows for whom the Client is, without the secrets.
func (c ClientConfig) String() string {
	return fmt.Sprintf("openwork.ClientConfig{SuiteID: %q, ProviderCorpID: %q}", c.SuiteID, c.ProviderCorpID)
}

// Format writes String, whatever the verb.
func (c ClientConfig) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// MarshalText is String for encoders: package slog, JSON, XML, YAML.
func (c ClientConfig) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Client calls WeCom's API with the right token attached, and keeps the tokens.
// Make one per suite; it is safe for concurrent use. Printing it shows no
// secret.
//
// Its errors are *APIError for what WeCom answers, ErrNoSuiteTicket and
// ErrSuiteTicketExpired where a suite_ticket is missing,
// ErrAuthorizationRevoked where a corp has removed the app. No error holds a
// token or secret.
type Client struct {
	api      *api
	suiteID  string
	suite    Caller
	provider Caller
	codes    func(ctx context.Context, corpID string) (string, error)
	stores   *stores
	tickets  TicketStore // nil without a suite
	clock    wecomClock

	corps     sync.Map     // corpID: *corpTokens
	nextSweep atomic.Int64 // of corps, unix nanoseconds
	exchanges exchanges
}

// Format shows for whom the Client is: it holds secrets, and its Cache tokens.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openwork.Client{SuiteID: %q}", c.suiteID)
}

// NewClient makes a Client; no call is made yet. It refuses a suite without
// secret or ticket store, a provider without secret, a config with neither, ids
// and secrets with blanks or line ends around them, and a limit that is
// negative or too high.
func NewClient(config ClientConfig) (*Client, error) {
	api, err := newAPI(config.HTTPClient, config.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{api: api, suiteID: config.SuiteID, codes: config.PermanentCodes,
		stores: newStores(config.Cache, config.Claims, config.Logger)}
	suite := TokenSource(missing("ClientConfig.SuiteID"))
	provider := TokenSource(missing("ClientConfig.ProviderCorpID"))
	switch {
	case config.SuiteID == "" && config.ProviderCorpID == "":
		return nil, errors.New("openwork: ClientConfig names neither SuiteID nor ProviderCorpID")
	case (config.SuiteID == "") != (config.SuiteSecret == ""):
		return nil, errors.New("openwork: ClientConfig.SuiteID and SuiteSecret go together")
	case (config.ProviderCorpID == "") != (config.ProviderSecret == ""):
		return nil, errors.New("openwork: ClientConfig.ProviderCorpID and ProviderSecret go together")
	case config.SuiteID != "" && config.Tickets == nil:
		return nil, errors.New("openwork: ClientConfig.Tickets is required with SuiteID: Server.Tickets(), or TicketsIn(cache)")
	case config.MaxAnswerBytes < 0 || config.MaxAnswerBytes > 1<<30:
		return nil, errors.New("openwork: ClientConfig.MaxAnswerBytes is negative, or more than 1 GiB")
	}
	if config.SuiteID != "" {
		c.tickets = ordered(config.Tickets)
		suite, err = newSuiteAccessToken(SuiteAccessTokenConfig{SuiteID: config.SuiteID, Secret: config.SuiteSecret,
			Tickets: c.tickets}, api, c.stores)
		if err != nil {
			return nil, err
		}
	}
	if config.ProviderCorpID != "" {
		provider, err = newProviderAccessToken(ProviderAccessTokenConfig{CorpID: config.ProviderCorpID,
			Secret: config.ProviderSecret}, api, c.stores)
		if err != nil {
			return nil, err
		}
	}
	most := cmp.Or(config.MaxAnswerBytes, mostAnswer)
	c.suite = Caller{api: api, most: most, parameter: "suite_access_token", TokenSource: suite}
	c.provider = Caller{api: api, most: most, parameter: "provider_access_token", TokenSource: provider}
	return c, nil
}

// missing is the token source of something that was not configured.
type missing string

func (m missing) Token(context.Context) (string, error) {
	return "", fmt.Errorf("openwork: %s is not set", string(m))
}

func (m missing) Invalidate(context.Context, string) error { return nil }

// Caller calls endpoints of WeCom's API with one kind of token. SuiteClient,
// ProviderClient and CorpClient are made of it, so that a call cannot carry the
// wrong kind. A token that WeCom says is no longer good is dropped, and the
// call repeated once with the next.
//
// A path is one like "/cgi-bin/user/get". One with a query or a host in it is
// refused before anything is sent.
//
// A body is sent as JSON, with &, <, > and U+2028 as they are: WeCom refuses
// \u0026 (40033). What is JSON already goes out as it is: a json.RawMessage, a
// []byte, and what an io.Reader has. Bytes that are no JSON go out too, as
// application/octet-stream. A reader is read whole before anything is sent, so
// that the call can be repeated, and is not closed; RoundTripper streams. nil
// is no body, and so is a nil pointer, map or slice.
//
// An answer is read whole, up to ClientConfig.MaxAnswerBytes. Raw control
// characters in its strings, which JSON forbids and WeCom sends, are read as
// they are.
type Caller struct {
	TokenSource // the token it calls with

	api       *api
	most      int64  // bytes of an answer that are read
	parameter string // the name of the token in the query
	corp      *CorpClient
}

// Format shows which kind of token it calls with.
func (c Caller) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openwork.Caller{%s}", c.parameter)
}

// Get calls an endpoint such as "/cgi-bin/user/get" and reads the JSON answer
// into out, unless that is nil. query may be nil; the token is added. While
// WeCom is busy or cannot be reached, up to three attempts are made within ctx.
func (c Caller) Get(ctx context.Context, path string, query url.Values, out any) error {
	return c.Do(ctx, http.MethodGet, path, query, nil, out)
}

// Post sends in to an endpoint such as "/cgi-bin/message/send" and reads the
// JSON answer into out; either may be nil. It is not repeated if its outcome is
// unknown.
func (c Caller) Post(ctx context.Context, path string, in, out any) error {
	return c.Do(ctx, http.MethodPost, path, nil, in, out)
}

// Do is Get and Post in one, for any method, with query and body. An answer
// without errcode is a success. For media use RoundTripper.
func (c Caller) Do(ctx context.Context, method, path string, query url.Values, in, out any) error {
	return c.do(ctx, call{method: method, path: path, query: query, body: in, repeatable: method == http.MethodGet}, out)
}

func (c Caller) do(ctx context.Context, request call, out any) error {
	request.most = c.most
	if err := request.prepare(); err != nil { // before a token is asked for
		return err
	}
	sent := ""
	attempt := func(token string) error {
		sent = token
		signed := request
		signed.query = maps.Clone(request.query)
		if signed.query == nil {
			signed.query = url.Values{}
		}
		signed.query.Set(c.parameter, token)
		return c.api.do(ctx, signed, out)
	}
	err := retryWithNewToken(ctx, c, attempt)
	if c.corp == nil || err == nil {
		return err
	}
	code := errorCode(err)
	if sent != "" && (code == codeBadSecret || code == codeBadPermanentCode) && c.corp.hasAnother(ctx, sent) {
		err = retryWithNewToken(ctx, c, attempt)
	}
	return revoked(c.corp.corpID, err)
}

// SuiteClient calls with the suite_access_token: endpoints under
// /cgi-bin/service that concern authorisations.
type SuiteClient struct{ Caller }

// ProviderClient calls with the provider_access_token: endpoints of the
// provider's own, such as licences.
type ProviderClient struct{ Caller }

// CorpClient calls with a corp's access_token: everything on the corp's data.
// Its errors are ErrAuthorizationRevoked where the corp has removed the app.
type CorpClient struct {
	Caller
	client *Client
	corpID string
}

// Suite calls in the name of the suite.
func (c *Client) Suite() *SuiteClient { return &SuiteClient{c.suite} }

// Provider calls in the name of the provider.
func (c *Client) Provider() *ProviderClient { return &ProviderClient{c.provider} }

// Corp calls in the name of a corp that has authorised the suite, with the
// token that get_corp_token gives for a third-party app or gettoken for a
// customized app ("dk…" suites). It makes no call yet; a CorpClient costs
// nothing and may be made anew for every call.
func (c *Client) Corp(corpID string) *CorpClient {
	corp := &CorpClient{client: c, corpID: corpID}
	corp.Caller = Caller{api: c.api, most: c.suite.most, parameter: "access_token", TokenSource: corpSource{corp}, corp: corp}
	return corp
}

// Forget drops what is kept of a corp: its access_token and its tickets of the
// JS-SDK, in this process and in the Cache. For handlers of cancel_auth, and
// after the permanent code has changed. Other replicas notice when WeCom
// refuses their access_token; a ticket of the JS-SDK that they hold is served
// until its end, for two hours at most.
func (c *Client) Forget(ctx context.Context, corpID string) error {
	tokens := c.corpTokens(corpID)
	c.corps.Delete(corpID)
	return errors.Join(tokens.access.forget(ctx), tokens.jsapi.forget(ctx), tokens.agent.forget(ctx))
}

// corpTokens are the tokens of a corp that expire.
type corpTokens struct {
	access, jsapi, agent *CachedToken
	used                 atomic.Int64 // unix nanoseconds
}

// corpIdle is after how long without a call nothing is kept of a corp in memory:
// its tokens, which live for two hours, are over by then.
const corpIdle = 24 * time.Hour

func (c *Client) corpTokens(corpID string) *corpTokens {
	now := time.Now()
	tokens := c.corpTokensOf(corpID)
	tokens.used.Store(now.UnixNano())
	next := c.nextSweep.Load()
	if now.UnixNano() < next || !c.nextSweep.CompareAndSwap(next, now.Add(time.Hour).UnixNano()) {
		return tokens
	}
	c.corps.Range(func(corpID, old any) bool {
		if now.UnixNano()-old.(*corpTokens).used.Load() > int64(corpIdle) {
			c.corps.CompareAndDelete(corpID, old)
		}
		return true
	})
	return tokens
}

func (c *Client) corpTokensOf(corpID string) *corpTokens {
	if tokens, ok := c.corps.Load(corpID); ok {
		return tokens.(*corpTokens)
	}
	owner := c.suiteID + ":" + corpID
	token := func(kind string, plan func(context.Context) (fetchPlan, error)) *CachedToken {
		return newCachedToken(kind+":"+owner, c.stores, plan)
	}
	ticket := func(path string, query url.Values) func(context.Context) (fetchPlan, error) {
		return func(context.Context) (fetchPlan, error) {
			corp := c.Corp(corpID)
			return fetchPlan{
				op:      opOf(path),
				prepare: func(ctx context.Context) error { _, err := corp.Token(ctx); return err },
				fetch:   func(ctx context.Context) (newToken, error) { return corp.ticket(ctx, path, query) },
			}, nil
		}
	}
	tokens, _ := c.corps.LoadOrStore(corpID, &corpTokens{
		access: token("corp_access_token", func(ctx context.Context) (fetchPlan, error) { return c.corpPlan(ctx, corpID) }),
		jsapi:  token("jsapi_ticket", ticket("/cgi-bin/get_jsapi_ticket", nil)),
		agent:  token("agent_config_ticket", ticket("/cgi-bin/ticket/get", url.Values{"type": {"agent_config"}})),
	})
	return tokens.(*corpTokens)
}

// areBlank tells whether there has never been a token: nothing is lost with them.
func (t *corpTokens) areBlank() bool {
	for _, token := range []*CachedToken{t.access, t.jsapi, t.agent} {
		token.mu.Lock()
		isBlank := token.current.Load() == nil && token.bad == ""
		token.mu.Unlock()
		if !isBlank {
			return false
		}
	}
	return true
}

// corpPlan looks the permanent code up, and once more if WeCom refuses it.
func (c *Client) corpPlan(ctx context.Context, corpID string) (fetchPlan, error) {
	source := corpCode{api: c.api, suite: c.suite, corpID: corpID}
	if strings.HasPrefix(c.suiteID, "dk") {
		source.suite = nil
	}
	code, err := c.permanentCode(ctx, corpID)
	if err != nil {
		return fetchPlan{}, err
	}
	return fetchPlan{tag: source.tag(code), op: source.op(), endpoint: source.op() + ":" + c.suiteID, prepare: source.prepare, fetch: func(ctx context.Context) (newToken, error) {
		token, err := source.fetch(ctx, code)
		switch errorCode(err) {
		case codeBadSecret, codeBadToken, codeBadPermanentCode:
			newer, lookupErr := c.permanentCode(ctx, corpID)
			if errors.Is(lookupErr, ErrAuthorizationRevoked) {
				return newToken{}, fmt.Errorf("%w: %w", lookupErr, err)
			}
			if lookupErr == nil && newer != code {
				return source.fetch(ctx, newer)
			}
		}
		return token, err
	}}, nil
}

func (c *Client) permanentCode(ctx context.Context, corpID string) (string, error) {
	if c.codes == nil {
		return "", errors.New("openwork: ClientConfig.PermanentCodes is not set")
	}
	code, err := ask(ctx, &c.stores.calls.codes, 2*codeTimeout, codeTimeout, func(ctx context.Context) (string, error) {
		return c.codes(ctx, corpID)
	})
	if err != nil {
		return "", fmt.Errorf("openwork: %w of corp %s: %w", errCodeUnknown, corpID, err)
	}
	if code == "" {
		return "", fmt.Errorf("%w: %w of corp %s", ErrAuthorizationRevoked, errNoPermanentCode, corpID)
	}
	return code, checkEnds("permanent_code of corp "+corpID, code)
}

var (
	errNoPermanentCode = errors.New("no permanent code")
	errCodeUnknown     = errors.New("permanent code") // it could not be looked up
)

// corpSource finds the corp's token at each call, so that Forget holds for
// clients made before it.
type corpSource struct{ corp *CorpClient }

func (s corpSource) tokens() *corpTokens { return s.corp.client.corpTokens(s.corp.corpID) }

// Token implements TokenSource.
func (s corpSource) Token(ctx context.Context) (string, error) {
	tokens := s.tokens()
	token, err := tokens.access.Token(ctx)
	if (errors.Is(err, errNoPermanentCode) || errors.Is(err, errCodeUnknown)) && tokens.areBlank() {
		s.corp.client.corps.CompareAndDelete(s.corp.corpID, tokens) // it may be no corp at all: keep nothing of it
	}
	return token, err
}

// Invalidate implements TokenSource.
func (s corpSource) Invalidate(ctx context.Context, token string) error {
	return s.tokens().access.Invalidate(ctx, token)
}

// hasAnother tells whether the corp has another token than the one that was
// sent, or will have when asked: there is a new permanent code, or another call
// has found that out already.
func (c *CorpClient) hasAnother(ctx context.Context, sent string) bool {
	code, err := c.client.permanentCode(ctx, c.corpID)
	if err != nil {
		return false
	}
	token := c.client.corpTokens(c.corpID).access
	held := token.current.Load()
	if held == nil {
		return true
	}
	if held.tag != (corpCode{}).tag(code) {
		_ = token.drop(ctx, held.value, true) // of the cache's errors the next fetch will tell
		return true
	}
	return held.value != sent
}
