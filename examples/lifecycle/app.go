package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/openwork-go/openwork"
)

// app is a third-party app: what it receives, what it calls, and what it keeps.
type app struct {
	server *openwork.Server
	client *openwork.Client
	codes  CodeStore
}

func newApp(config openwork.Config, suiteSecret, apiURL string, codes CodeStore) (*app, error) {
	cache := openwork.NewMemoryCache() // a shared one, where there are several replicas
	config.Cache = cache
	server, err := openwork.NewServer(config)
	if err != nil {
		return nil, err
	}
	client, err := openwork.NewClient(openwork.ClientConfig{
		SuiteID:        config.SuiteID,
		SuiteSecret:    suiteSecret,
		Tickets:        server.Tickets(),
		PermanentCodes: codes.Get,
		Cache:          cache,
		BaseURL:        apiURL,
	})
	if err != nil {
		return nil, err
	}
	a := &app{server, client, codes}
	server.HandleAuthCreated(a.authorized)
	server.HandleResetPermanentCode(a.authorized)
	server.HandleAuthChanged(a.changed)
	server.HandleAuthCancelled(a.cancelled)
	return a, nil
}

// authorized handles create_auth and reset_permanent_code: both bring an auth_code. If it fails, WeCom may push again,
// and the same auth_code gives the same Authorization.
func (a *app) authorized(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
	if err := a.authorize(msg.Context(), msg.Get("AuthCode"), msg.Time); err != nil {
		return openwork.Success, err
	}
	return next(msg)
}

// installed serves the redirect at the end of an installation that began on the provider's own site. WeCom pushes no
// create_auth then.
func (a *app) installed(w http.ResponseWriter, r *http.Request) {
	// A real app compares the state with the one it gave this browser.
	if err := a.authorize(r.Context(), r.URL.Query().Get("auth_code"), time.Time{}); err != nil {
		http.Error(w, "the installation could not be completed", http.StatusBadGateway)
		return
	}
	fmt.Fprintln(w, "installed")
}

// authorize exchanges an auth_code and keeps the permanent code under the event's time. A redirect brings none: then the
// time of the exchange counts, which stays the same if the browser comes back much later.
func (a *app) authorize(ctx context.Context, authCode string, at time.Time) error {
	authorization, err := a.client.PermanentCode(ctx, authCode)
	if err != nil {
		return err
	}
	if at.IsZero() {
		at = authorization.Time
	}
	corpID := authorization.AuthCorpInfo.CorpID
	if err := a.codes.Put(ctx, corpID, authorization.PermanentCode, at); err != nil {
		return err
	}
	return a.client.Forget(ctx, corpID) // tokens made from the code before
}

// changed handles change_auth: the event does not say what changed, so the app reads it again.
func (a *app) changed(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
	authorization, err := a.client.AuthInfo(msg.Context(), msg.CorpID)
	if errors.Is(err, openwork.ErrAuthorizationRevoked) { // the event is late: the corp has removed the app since
		return next(msg)
	}
	if err != nil {
		return openwork.Success, err
	}
	for _, agent := range authorization.AuthInfo.Agents {
		fmt.Printf("   the app may now see the members %v\n", agent.Privilege.AllowUser)
	}
	return next(msg)
}

// cancelled handles cancel_auth.
func (a *app) cancelled(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
	if err := a.codes.Put(msg.Context(), msg.CorpID, "", msg.Time); err != nil {
		return openwork.Success, err
	}
	if err := a.client.Forget(msg.Context(), msg.CorpID); err != nil {
		return openwork.Success, err
	}
	return next(msg)
}

// memberName calls the corp's API, as the app does all day.
func (a *app) memberName(ctx context.Context, corpID, userID string) (string, error) {
	var member struct {
		Name string `json:"name"`
	}
	err := a.client.Corp(corpID).Get(ctx, "/cgi-bin/user/get", map[string][]string{"userid": {userID}}, &member)
	return member.Name, err
}
