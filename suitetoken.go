package openwork

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// SuiteAccessTokenConfig says which suite's suite_access_token to get.
type SuiteAccessTokenConfig struct {
	SuiteID string // of the app or template
	Secret  string // suite_secret, from the provider console

	// Tickets is where the suite_ticket is: Server.Tickets() in the process
	// that receives pushes, TicketsIn elsewhere. Required: a suite without its
	// tickets can get no token.
	Tickets TicketStore

	Cache      Cache        // shared between replicas; nil: a MemoryCache
	Claims     Claimer      // nil: Cache if it is one, else each replica fetches for itself
	HTTPClient *http.Client // nil: one with a timeout of 10 seconds and at most 64 connections; redirects are not followed
	BaseURL    string       // "": DefaultBaseURL
	Logger     *slog.Logger // nil: slog.Default()
}

// Format shows whose token it is, not the secret.
func (c SuiteAccessTokenConfig) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openwork.SuiteAccessTokenConfig{SuiteID: %q}", c.SuiteID)
}

// MarshalText is the same for encoders: package slog, JSON, XML, YAML.
func (c SuiteAccessTokenConfig) MarshalText() ([]byte, error) { return fmt.Append(nil, c), nil }

// SuiteAccessToken is the suite_access_token: for the calls that concern a
// suite's authorisations. It is fetched with the newest suite_ticket; a later
// ticket does not end it. It is safe for concurrent use. See
// document/path/90600.
type SuiteAccessToken struct {
	suiteID string
	token   *CachedToken
}

// NewSuiteAccessToken makes a SuiteAccessToken; no call is made yet. It refuses
// a missing SuiteID, Secret or Tickets, and an id or secret with a blank or a
// line end around it.
func NewSuiteAccessToken(config SuiteAccessTokenConfig) (*SuiteAccessToken, error) {
	api, err := newAPI(config.HTTPClient, config.BaseURL)
	if err != nil {
		return nil, err
	}
	return newSuiteAccessToken(config, api, newStores(config.Cache, config.Claims, config.Logger))
}

func newSuiteAccessToken(config SuiteAccessTokenConfig, api *api, stores *stores) (*SuiteAccessToken, error) {
	if config.SuiteID == "" || config.Secret == "" || config.Tickets == nil {
		return nil, errors.New("openwork: SuiteAccessTokenConfig needs SuiteID, Secret and Tickets")
	}
	if err := cmp.Or(checkEnds("suite_id", config.SuiteID), checkEnds("suite_secret", config.Secret)); err != nil {
		return nil, err
	}
	tickets := ordered(config.Tickets)
	tag := fingerprint(config.Secret, "suite_access_token")
	fetch := func(ctx context.Context, ticket SuiteTicket) (newToken, error) {
		var answer struct {
			Token     string  `json:"suite_access_token"`
			ExpiresIn seconds `json:"expires_in"`
		}
		err := api.do(ctx, call{method: http.MethodPost, path: "/cgi-bin/service/get_suite_token", repeatable: true,
			body: map[string]string{"suite_id": config.SuiteID, "suite_secret": config.Secret, "suite_ticket": ticket.Value},
		}, &answer)
		return newToken{answer.Token, answer.ExpiresIn.duration(), tag}, err
	}
	const op = "get_suite_token"
	plan := func(context.Context) (fetchPlan, error) {
		var ticket SuiteTicket
		return fetchPlan{tag: tag, op: op, about: func() string { return fingerprint(ticket.Value, "suite_ticket") },
			prepare: func(ctx context.Context) (err error) {
				ticket, err = tickets.Ticket(ctx, config.SuiteID)
				return err
			},
			fetch: func(ctx context.Context) (newToken, error) {
				token, err := fetch(ctx, ticket)
				if errorCode(err) != codeBadSuiteTicket {
					return token, err
				}
				newer, ticketErr := tickets.Ticket(ctx, config.SuiteID)
				if ticketErr != nil || newer.Value == ticket.Value {
					return token, err
				}
				return fetch(ctx, newer)
			}}, nil
	}
	return &SuiteAccessToken{config.SuiteID, newCachedToken("suite_access_token:"+config.SuiteID, stores, plan)}, nil
}

// ordered is the store with order and expiry kept around it.
func ordered(store TicketStore) TicketStore {
	if _, ok := store.(*tickets); ok {
		return store
	}
	return newTickets(store, time.Now, defaultTolerance)
}

// Format shows whose token it is, not the token.
func (s *SuiteAccessToken) Format(f fmt.State, verb rune) { s.token.Format(f, verb) }

// Token implements TokenSource. Without a ticket it returns ErrNoSuiteTicket,
// with an old one ErrSuiteTicketExpired, and makes no call. See CachedToken for
// when it makes one.
func (s *SuiteAccessToken) Token(ctx context.Context) (string, error) { return s.token.Token(ctx) }

// Invalidate implements TokenSource.
func (s *SuiteAccessToken) Invalidate(ctx context.Context, token string) error {
	return s.token.Invalidate(ctx, token)
}
