package openworktest_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// In process a call looks as over a socket, to both sides.
func TestHTTPClient_AsOverASocket(t *testing.T) {
	t.Parallel()
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
	server := httptest.NewServer(wecom)
	defer server.Close()
	type side struct {
		status, body string
		header       http.Header
		call         openworktest.Call
	}
	do := func(client *http.Client, url string) side {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/cgi-bin/a%2Fb?x=1;2&y=%20z", body("hello"))
		require.NoError(t, err)
		r.Header.Set("X-Mine", "yes")
		resp, err := client.Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		log := wecom.Log("")
		call := log[len(log)-1]
		call.Time = time.Time{}
		for _, name := range []string{"Accept-Encoding", "User-Agent", "Content-Length"} {
			call.Header.Del(name) // the transport's own
		}
		resp.Header.Del("Content-Length")
		resp.Header.Del("Date")
		return side{resp.Status, string(text), resp.Header, call}
	}
	assert.Equal(t, do(http.DefaultClient, server.URL), do(wecom.HTTPClient(), "https://qyapi.weixin.qq.com"))
}

// closeCounter is a body that counts how often it is closed.
type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error { c.closed++; return nil }

func TestHTTPClient_ClosesTheBody(t *testing.T) {
	t.Parallel()
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
	for _, reader := range []io.Reader{body("x"), iotest.ErrReader(errors.New("the disk is gone"))} {
		sent := &closeCounter{Reader: reader}
		r, err := http.NewRequest(http.MethodPost, "https://qyapi.weixin.qq.com/", sent)
		require.NoError(t, err)
		resp, err := wecom.HTTPClient().Transport.RoundTrip(r)
		if err == nil {
			require.NoError(t, resp.Body.Close())
		}
		assert.Equal(t, 1, sent.closed)
	}
}

func TestHTTPClient_BodyThatFails(t *testing.T) {
	t.Parallel()
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
	broken := errors.New("the disk is gone")
	_, err := wecom.HTTPClient().Post("https://qyapi.weixin.qq.com/", "", iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	assert.Zero(t, wecom.Calls(""))
}

// An endpoint of the test's own that panics fails the call, and says so.
func TestHTTPClient_EndpointThatPanics(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{})
		a.wecom.Handle(ipsPath, func(*openworktest.Call) any { panic("a bug of mine") })
		_, err := a.client.Corp(a.corp.ID()).CallbackIPs(t.Context())
		require.ErrorContains(t, err, "a bug of mine")
		a.wecom.Handle(ipsPath, func(*openworktest.Call) any { return func() {} })
		_, err = a.client.Corp(a.corp.ID()).CallbackIPs(t.Context())
		require.ErrorContains(t, err, "no JSON")
		_, err = a.client.Corp(a.corp.ID()).APIDomainIPs(t.Context())
		require.NoError(t, err, "the platform goes on")
	})
}

// Client and platform over a real connection.
func TestPlatform_OverHTTP(t *testing.T) {
	t.Parallel()
	suite := openworktest.NewPlatform(openworktest.PlatformConfig{})
	server := httptest.NewServer(suite)
	defer server.Close()
	app := newApp(t, suite.NewSuite())
	config := app.clientConfig
	config.HTTPClient, config.BaseURL = nil, server.URL
	client, err := openwork.NewClient(config)
	require.NoError(t, err)
	code, err := client.PreAuthCode(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, code.Code)
}
