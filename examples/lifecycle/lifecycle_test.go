package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLifecycle(t *testing.T) {
	require.NoError(t, run())
}

// Events that come late do not undo newer ones; of two as old the later arrival counts.
func TestCodeStore_LateCancellation(t *testing.T) {
	ctx, installed := context.Background(), time.Unix(1_700_000_000, 0)
	for _, test := range []struct {
		name string
		code string
		at   time.Time
		want string
	}{
		{"a cancellation from before the installation", "", installed.Add(-time.Second), "code"},
		{"an older installation", "old", installed.Add(-time.Hour), "code"},
		{"a cancellation in the same second", "", installed, ""},
		{"a later cancellation", "", installed.Add(time.Second), ""},
		{"a new secret", "new", installed.Add(time.Second), "new"},
	} {
		t.Run(test.name, func(t *testing.T) {
			codes := &memoryCodes{}
			require.NoError(t, codes.Put(ctx, "corp", "code", installed))
			require.NoError(t, codes.Put(ctx, "corp", test.code, test.at))
			code, err := codes.Get(ctx, "corp")
			require.NoError(t, err)
			assert.Equal(t, test.want, code)
		})
	}
}

// A browser may come back to the redirect of an installation long after it. What has happened since stays.
func TestLifecycle_RedirectIsReloaded(t *testing.T) {
	t.Parallel()
	const corp, redirect = "wpacme000000000001", "/install/callback?auth_code=auth-1"
	for _, test := range []struct {
		name      string
		meanwhile func(s *story, at time.Time) error
		want      string
	}{
		{"after nothing", func(*story, time.Time) error { return nil }, "permanent-code-1"},
		{"after cancel_auth", func(s *story, at time.Time) error {
			s.api.cancel(corp)
			return s.push("cancel_auth", at, "AuthCorpId", corp)
		}, ""},
		{"after reset_permanent_code", func(s *story, at time.Time) error {
			return s.push("reset_permanent_code", at, "AuthCode", s.api.authorize(corp, "auth-2"))
		}, "permanent-code-2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t)
			s.api.authorize(corp, "auth-1")
			require.NoError(t, s.browse(redirect))
			require.Equal(t, "permanent-code-1", s.code(t, corp))
			time.Sleep(1100 * time.Millisecond) // events have whole seconds
			require.NoError(t, test.meanwhile(s, time.Now()))
			for range 2 {
				require.NoError(t, s.browse(redirect))
				assert.Equal(t, test.want, s.code(t, corp))
			}
		})
	}
}

// WeCom would push again what the app fails to handle, and it would fail again: the corp is gone.
func TestLifecycle_ChangeAuthAfterCancelAuth(t *testing.T) {
	t.Parallel()
	const corp = "wpacme000000000001"
	s := newStory(t)
	installed := time.Now().Add(-time.Minute)
	require.NoError(t, s.push("create_auth", installed, "AuthCode", s.api.authorize(corp, "auth-1")))
	s.api.cancel(corp)
	require.NoError(t, s.push("cancel_auth", installed.Add(2*time.Second), "AuthCorpId", corp))
	require.NoError(t, s.push("change_auth", installed.Add(time.Second), "AuthCorpId", corp))
	assert.Empty(t, s.code(t, corp))
}

// story is the app with its pretend WeCom, after the first suite_ticket.
type story struct {
	*weCom
	api *platform
	app *app
}

func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{api: newPlatform(suiteID, suiteSecret)}
	apiServer := httptest.NewServer(s.api)
	t.Cleanup(apiServer.Close)
	var err error
	s.app, err = newApp(openwork.Config{
		SuiteID: suiteID, Token: token, EncodingAESKey: key, ProviderCorpID: "wwprovider00000001",
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}, suiteSecret, apiServer.URL, &memoryCodes{})
	require.NoError(t, err)
	routes := http.NewServeMux()
	routes.Handle("/wecom/callback", s.app.server)
	routes.HandleFunc("/install/callback", s.app.installed)
	appServer := httptest.NewServer(routes)
	t.Cleanup(appServer.Close)
	crypto, err := openwork.NewCrypto(token, key)
	require.NoError(t, err)
	s.weCom = &weCom{url: appServer.URL, crypto: crypto}
	require.NoError(t, s.push("suite_ticket", time.Now(), "SuiteTicket", s.api.ticket()))
	return s
}

func (s *story) code(t *testing.T, corp string) string {
	t.Helper()
	code, err := s.app.codes.Get(context.Background(), corp)
	require.NoError(t, err)
	return code
}
