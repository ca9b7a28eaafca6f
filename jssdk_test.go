package openwork_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The sample of the vendor's page (document/path/90506).
func TestJSSDK_DocumentedSample(t *testing.T) {
	assert.Equal(t, "0f9de62fce790f9a083d5c99e95740ceb90c27ed", openwork.JSSign(
		"sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
		"Wm3WZYTPz0wzccnW", 1414587457, "http://mp.weixin.qq.com?params=value"))
}

// jsSigns are both signatures and the tickets they are made with.
var jsSigns = map[string]struct {
	sign   func(ctx context.Context, c *openwork.CorpClient, page string) (*openwork.JSSignature, error)
	ticket func(ctx context.Context, c *openwork.CorpClient) (string, error)
	path   string
	query  url.Values
}{
	"wx.config": {
		func(ctx context.Context, c *openwork.CorpClient, page string) (*openwork.JSSignature, error) {
			return c.SignConfig(ctx, page)
		},
		func(ctx context.Context, c *openwork.CorpClient) (string, error) { return c.JSAPITicket(ctx) },
		"/cgi-bin/get_jsapi_ticket", url.Values{},
	},
	"wx.agentConfig": {
		func(ctx context.Context, c *openwork.CorpClient, page string) (*openwork.JSSignature, error) {
			return c.SignAgentConfig(ctx, page)
		},
		func(ctx context.Context, c *openwork.CorpClient) (string, error) { return c.AgentTicket(ctx) },
		"/cgi-bin/ticket/get", url.Values{"type": {"agent_config"}},
	},
}

// The URL is signed as it is, without what follows a #.
func TestJSSDK_Signature(t *testing.T) {
	for name, js := range jsSigns {
		for page, signed := range map[string]string{
			"https://app.example/":                             "https://app.example/",
			"https://app.example":                              "https://app.example",
			"https://app.example/a?b=1&c=%E4%BD%A0&d=%2F+ #/x": "https://app.example/a?b=1&c=%E4%BD%A0&d=%2F+ ",
			"https://App.Example/A?z=1&a=2#":                   "https://App.Example/A?z=1&a=2",
			"https://app.example/#a#b":                         "https://app.example/",
			"https://app.example/页面?名=值":                       "https://app.example/页面?名=值",
		} {
			t.Run(name+" "+page, func(t *testing.T) {
				f := newJSFixture(t)
				corp := f.Corp(testCorp)
				before := time.Now().Unix()
				got, err := js.sign(t.Context(), corp, page)
				require.NoError(t, err)
				ticket, err := js.ticket(t.Context(), corp)
				require.NoError(t, err)

				text := fmt.Sprintf("jsapi_ticket=%s&noncestr=%s&timestamp=%d&url=%s", ticket, got.NonceStr, got.Timestamp, signed)
				sum := sha1.Sum([]byte(text))
				assert.Equal(t, hex.EncodeToString(sum[:]), got.Signature)
				assert.GreaterOrEqual(t, got.Timestamp, before)
				assert.LessOrEqual(t, got.Timestamp, time.Now().Unix())
				assert.Regexp(t, regexp.MustCompile(`^[0-9A-Za-z]{8,32}$`), got.NonceStr)
			})
		}
	}
}

// A nonce that comes twice would be none.
func TestJSSDK_NonceIsRandom(t *testing.T) {
	f := newJSFixture(t)
	seen := map[string]bool{}
	for range 100 {
		got, err := f.Corp(testCorp).SignConfig(t.Context(), "https://app.example/")
		require.NoError(t, err)
		seen[got.NonceStr] = true
	}
	assert.Len(t, seen, 100)
	assert.Equal(t, 1, f.api.called("get_jsapi_ticket"))
}

func TestJSSDK_Endpoints(t *testing.T) {
	for name, js := range jsSigns {
		for app, edits := range map[string][]func(*openwork.ClientConfig){"third-party app": nil, "customized app": {customizedApps}} {
			t.Run(name+" of a "+app, func(t *testing.T) {
				f := newJSFixture(t, edits...)
				ticket, err := js.ticket(t.Context(), f.Corp(testCorp))
				require.NoError(t, err)
				assert.Contains(t, ticket, "-ticket-1")
				sent := f.sentTo(js.path)
				require.Len(t, sent, 1)
				want := url.Values{"access_token": {f.tokenIssued(corpKind)}}
				for key, values := range js.query {
					want[key] = values
				}
				requireRequest(t, sent[0], "GET", js.path, want, "")
			})
		}
	}
}

// Each corp has its own tickets, and each suite in a corp too: that for agentConfig is the app's.
func TestJSSDK_TicketsAreOfCorpAndSuite(t *testing.T) {
	const otherCorp, otherSuite = testCorp + "2", "ww-another-suite"
	f := newJSFixture(t)
	f.api.knowCode(otherCorp, testPermanentCode)
	f.codes.set(otherCorp, testPermanentCode)
	f.api.knowSuite(otherSuite, testSuiteSecret)
	config := f.config
	config.SuiteID, config.Tickets = otherSuite, freshTickets(t, otherSuite)
	another, err := openwork.NewClient(config)
	require.NoError(t, err)

	tickets := map[string]bool{}
	for range 2 {
		for _, js := range jsSigns {
			for _, corp := range []*openwork.CorpClient{f.Corp(testCorp), f.Corp(otherCorp), another.Corp(testCorp)} {
				ticket, err := js.ticket(t.Context(), corp)
				require.NoError(t, err)
				tickets[ticket] = true
			}
		}
	}
	assert.Len(t, tickets, 6)
}

// A ticket call with a token that ended is repeated with the next token.
func TestJSSDK_RefusedToken(t *testing.T) {
	for name, js := range jsSigns {
		t.Run(name, func(t *testing.T) {
			f := newJSFixture(t)
			stale, err := f.Corp(testCorp).Token(t.Context())
			require.NoError(t, err)
			f.api.expire(stale)
			_, err = js.sign(t.Context(), f.Corp(testCorp), "https://app.example/")
			require.NoError(t, err)
			assert.Len(t, f.sentTo(js.path), 2)
		})
	}
}

func TestJSSDK_Failures(t *testing.T) {
	for name, js := range jsSigns {
		t.Run(name+", revoked", func(t *testing.T) {
			f := newJSFixture(t)
			f.api.always("get_corp_token", apiAnswer{Code: 40084})
			_, err := js.sign(t.Context(), f.Corp(testCorp), "https://app.example/")
			requireRevokedBy(t, err, 40084)
		})
		t.Run(name+", success without ticket", func(t *testing.T) {
			f := newJSFixture(t)
			f.api.always("get_jsapi_ticket", apiAnswer{Body: `{"errcode":0,"expires_in":7200}`})
			f.api.always("ticket/get", apiAnswer{Body: `{"errcode":0,"expires_in":7200}`})
			_, err := js.sign(t.Context(), f.Corp(testCorp), "https://app.example/")
			require.Error(t, err)
		})
	}
}

// newJSFixture is a Client whose API issues both tickets.
func newJSFixture(t *testing.T, edits ...func(*openwork.ClientConfig)) *clientFixture {
	t.Helper()
	f := newClientFixture(t, edits...)
	f.api.handle("get_jsapi_ticket", jsTicket("jsapi"))
	f.api.handle("ticket/get", jsTicket("agent"))
	return f
}
