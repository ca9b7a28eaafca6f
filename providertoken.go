package openwork

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
)

// ProviderAccessTokenConfig says whose provider_access_token to get.
type ProviderAccessTokenConfig struct {
	CorpID string // the provider's own
	Secret string // provider_secret, from the provider console

	Cache      Cache        // shared between replicas; nil: a MemoryCache
	Claims     Claimer      // nil: Cache if it is one, else each replica fetches for itself
	HTTPClient *http.Client // nil: one with a timeout of 10 seconds and at most 64 connections; redirects are not followed
	BaseURL    string       // "": DefaultBaseURL
	Logger     *slog.Logger // nil: slog.Default()
}

// Format shows whose token it is, not the secret.
func (c ProviderAccessTokenConfig) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openwork.ProviderAccessTokenConfig{CorpID: %q}", c.CorpID)
}

// MarshalText is the same for encoders: package slog, JSON, XML, YAML.
func (c ProviderAccessTokenConfig) MarshalText() ([]byte, error) { return fmt.Append(nil, c), nil }

// ProviderAccessToken is the provider_access_token: for the calls a provider
// makes for itself, such as those on licences and registration. It needs
// neither a suite nor a suite_ticket. It is safe for concurrent use. See
// document/path/91200.
type ProviderAccessToken struct{ token *CachedToken }

// NewProviderAccessToken makes a ProviderAccessToken; no call is made yet. It
// refuses a missing CorpID or Secret, and one with a blank or a line end around
// it.
func NewProviderAccessToken(config ProviderAccessTokenConfig) (*ProviderAccessToken, error) {
	api, err := newAPI(config.HTTPClient, config.BaseURL)
	if err != nil {
		return nil, err
	}
	return newProviderAccessToken(config, api, newStores(config.Cache, config.Claims, config.Logger))
}

func newProviderAccessToken(config ProviderAccessTokenConfig, api *api, stores *stores) (*ProviderAccessToken, error) {
	if config.CorpID == "" || config.Secret == "" {
		return nil, errors.New("openwork: ProviderAccessTokenConfig needs CorpID and Secret")
	}
	if err := cmp.Or(checkEnds("corpid", config.CorpID), checkEnds("provider_secret", config.Secret)); err != nil {
		return nil, err
	}
	tag := fingerprint(config.Secret, "provider_access_token")
	plan := fetchPlan{tag: tag, op: "get_provider_token", fetch: func(ctx context.Context) (newToken, error) {
		var answer struct {
			Token     string  `json:"provider_access_token"`
			ExpiresIn seconds `json:"expires_in"`
		}
		err := api.do(ctx, call{method: http.MethodPost, path: "/cgi-bin/service/get_provider_token", repeatable: true,
			body: map[string]string{"corpid": config.CorpID, "provider_secret": config.Secret}}, &answer)
		return newToken{answer.Token, answer.ExpiresIn.duration(), tag}, err
	}}
	return &ProviderAccessToken{newCachedToken("provider_access_token:"+config.CorpID, stores, func(context.Context) (fetchPlan, error) { return plan, nil })}, nil
}

// Format shows whose token it is, not the token.
func (p *ProviderAccessToken) Format(f fmt.State, verb rune) { p.token.Format(f, verb) }

// Token implements TokenSource. See CachedToken for when it makes a call.
func (p *ProviderAccessToken) Token(ctx context.Context) (string, error) { return p.token.Token(ctx) }

// Invalidate implements TokenSource.
func (p *ProviderAccessToken) Invalidate(ctx context.Context, token string) error {
	return p.token.Invalidate(ctx, token)
}
