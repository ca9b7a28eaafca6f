package openwork

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
)

// CorpAccessTokenConfig says which corp's access_token to get, and for which
// app.
type CorpAccessTokenConfig struct {
	CorpID        string // the customer's
	PermanentCode string // of this corp and the app

	// Suite gets the suite_access_token of a third-party app. nil: a customized
	// app, whose permanent code is its secret.
	Suite TokenSource

	Cache      Cache        // shared between replicas; nil: a MemoryCache
	Claims     Claimer      // nil: Cache if it is one, else each replica fetches for itself
	HTTPClient *http.Client // nil: one with a timeout of 10 seconds and at most 64 connections; redirects are not followed
	BaseURL    string       // "": DefaultBaseURL
	Logger     *slog.Logger // nil: slog.Default()
}

// Format shows whose token it is, not the secret.
func (c CorpAccessTokenConfig) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openwork.CorpAccessTokenConfig{CorpID: %q}", c.CorpID)
}

// MarshalText is the same for encoders: package slog, JSON, XML, YAML.
func (c CorpAccessTokenConfig) MarshalText() ([]byte, error) { return fmt.Append(nil, c), nil }

// CorpAccessToken is the access_token of a corp for one app: for all calls on
// the corp's data. Make one per corp, or let Client.Corp do it. It is safe for
// concurrent use. See document/path/90605, and 97164 for customized apps.
type CorpAccessToken struct{ token *CachedToken }

// NewCorpAccessToken makes a CorpAccessToken; no call is made yet. It refuses a
// missing CorpID or PermanentCode, and one with a blank or a line end around
// it.
func NewCorpAccessToken(config CorpAccessTokenConfig) (*CorpAccessToken, error) {
	if config.CorpID == "" || config.PermanentCode == "" {
		return nil, errors.New("openwork: CorpAccessTokenConfig needs CorpID and PermanentCode")
	}
	if err := cmp.Or(checkEnds("corpid", config.CorpID), checkEnds("permanent_code", config.PermanentCode)); err != nil {
		return nil, err
	}
	api, err := newAPI(config.HTTPClient, config.BaseURL)
	if err != nil {
		return nil, err
	}
	code := corpCode{api: api, suite: config.Suite, corpID: config.CorpID}
	// Suite and code are part of the key: another app's token for the same corp
	// is another token.
	owner := config.CorpID
	endpoint := ""
	if suite, ok := config.Suite.(*SuiteAccessToken); ok {
		owner = suite.suiteID + ":" + owner
		endpoint = code.op() + ":" + suite.suiteID
	}
	key := "corp_access_token:" + owner + ":" + code.tag(config.PermanentCode)
	plan := fetchPlan{tag: code.tag(config.PermanentCode), op: code.op(), endpoint: endpoint, prepare: code.prepare,
		fetch: func(ctx context.Context) (newToken, error) { return code.fetch(ctx, config.PermanentCode) }}
	return &CorpAccessToken{newCachedToken(key, newStores(config.Cache, config.Claims, config.Logger),
		func(context.Context) (fetchPlan, error) { return plan, nil })}, nil
}

// Format shows whose token it is, not the token.
func (c *CorpAccessToken) Format(f fmt.State, verb rune) { c.token.Format(f, verb) }

// Token implements TokenSource. It returns ErrAuthorizationRevoked if the
// permanent code is no longer good. See CachedToken for when it makes a call.
func (c *CorpAccessToken) Token(ctx context.Context) (string, error) { return c.token.Token(ctx) }

// Invalidate implements TokenSource.
func (c *CorpAccessToken) Invalidate(ctx context.Context, token string) error {
	return c.token.Invalidate(ctx, token)
}

// corpCode turns a permanent code into an access_token.
type corpCode struct {
	api    *api
	suite  TokenSource // nil: customized app
	corpID string
}

func (c corpCode) tag(permanentCode string) string {
	return fingerprint(permanentCode, "corp_access_token")
}

// op is what errors call the endpoint.
func (c corpCode) op() string {
	if c.suite == nil {
		return "gettoken"
	}
	return "get_corp_token"
}

// prepare has the suite's token at hand: getting that may take as long as a
// fetch of its own.
func (c corpCode) prepare(ctx context.Context) error {
	if c.suite == nil {
		return nil
	}
	_, err := c.suite.Token(ctx)
	return err
}

func (c corpCode) fetch(ctx context.Context, permanentCode string) (newToken, error) {
	var answer struct {
		Token     string  `json:"access_token"`
		ExpiresIn seconds `json:"expires_in"`
	}
	var err error
	if c.suite == nil {
		err = c.api.do(ctx, call{method: http.MethodGet, path: "/cgi-bin/gettoken", repeatable: true,
			query: url.Values{"corpid": {c.corpID}, "corpsecret": {permanentCode}}}, &answer)
	} else {
		err = retryWithNewToken(ctx, c.suite, func(token string) error {
			return c.api.do(ctx, call{method: http.MethodPost, path: "/cgi-bin/service/get_corp_token", repeatable: true,
				query: url.Values{"suite_access_token": {token}},
				body:  map[string]string{"auth_corpid": c.corpID, "permanent_code": permanentCode}}, &answer)
		})
	}
	return newToken{answer.Token, answer.ExpiresIn.duration(), c.tag(permanentCode)}, revoked(c.corpID, err)
}

// revoked marks the errors of a corp's calls that mean its authorisation is
// gone.
func revoked(corpID string, err error) error {
	switch errorCode(err) {
	case codeBadPermanentCode, codeAuthorizationGone, codeAuthorizationGone2, codeAuthorizationGone3:
		return fmt.Errorf("%w: corp %s: %w", ErrAuthorizationRevoked, corpID, err)
	}
	return err
}
