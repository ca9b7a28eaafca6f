package openworktest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The console gives ids of the right look, and no Cache.
func TestSuite_Config(t *testing.T) {
	t.Parallel()
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{Seed: 1})
	suite, other, template, provider := wecom.NewSuite(), wecom.NewSuite(), wecom.NewTemplate(), wecom.NewProvider()
	assert.Regexp(t, `^ww[0-9a-f]{16}$`, suite.Config().SuiteID)
	assert.Regexp(t, `^dk[0-9a-f]{16}$`, template.Config().SuiteID)
	assert.Regexp(t, `^ww[0-9a-f]{16}$`, provider.Config().ProviderCorpID)
	assert.Empty(t, provider.Config().SuiteID)
	seen := map[string]bool{}
	for _, config := range []openwork.Config{suite.Config(), other.Config(), template.Config(), provider.Config()} {
		_, err := openwork.NewServer(config)
		require.NoError(t, err)
		assert.Equal(t, provider.Config().ProviderCorpID, config.ProviderCorpID, "one provider has them all")
		for _, own := range []string{config.SuiteID, config.Token, config.EncodingAESKey} {
			assert.False(t, seen[own], own)
			seen[own] = true
		}
		assert.Nil(t, config.Cache)
	}
	client := suite.ClientConfig(openwork.TicketsIn(openwork.NewMemoryCache()), nil)
	assert.Nil(t, client.Cache)
	assert.Equal(t, suite.Config().SuiteID, client.SuiteID)
	assert.Equal(t, suite.Config().ProviderCorpID, client.ProviderCorpID)
	assert.NotEmpty(t, client.SuiteSecret)
	assert.Equal(t, provider.ClientConfig().ProviderSecret, client.ProviderSecret)
	assert.Equal(t, suite.Config(), openworktest.NewPlatform(openworktest.PlatformConfig{Seed: 1}).NewSuite().Config(), "of one seed")
	assert.NotEqual(t, suite.Config(), openworktest.NewPlatform(openworktest.PlatformConfig{Seed: 2}).NewSuite().Config())
	assert.Equal(t, "wwmine", openworktest.NewPlatform(openworktest.PlatformConfig{ProviderCorpID: "wwmine"}).NewProvider().Config().ProviderCorpID)
}

// What is fixed elsewhere can be given.
func TestSuite_Edits(t *testing.T) {
	t.Parallel()
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
	edit := func(c *openwork.Config) { *c = testConfig }
	suite := wecom.NewSuite(edit)
	assert.Equal(t, testConfig, suite.Config())
	assert.Panics(t, func() { wecom.NewSuite(edit) }, "a second one of that id")
	assert.Panics(t, func() { wecom.NewTemplate(edit) }, "a second one of that id")
	assert.Panics(t, func() { wecom.NewSuite(func(c *openwork.Config) { c.EncodingAESKey = "short" }) })
	assert.Panics(t, func() { wecom.NewSuite(func(c *openwork.Config) { c.Token = "" }) })
	assert.Panics(t, func() { wecom.NewSuite(func(c *openwork.Config) { c.SuiteID = "" }) })
	template := wecom.NewTemplate(func(c *openwork.Config) { c.SuiteID = "dkmine" })
	assert.Equal(t, "dkmine", template.Config().SuiteID)
	provider := wecom.NewProvider(edit)
	assert.Equal(t, testConfig.Token, provider.Config().Token)
	assert.Equal(t, testConfig.ProviderCorpID, provider.Config().ProviderCorpID)
	assert.Panics(t, func() { wecom.NewProvider(func(c *openwork.Config) { c.Token = "" }) })
	assert.Panics(t, func() { wecom.NewProvider(func(c *openwork.Config) { c.EncodingAESKey = "" }) })
	assert.Panics(t, func() { wecom.NewProvider(func(c *openwork.Config) { c.ProviderCorpID = "" }) })

	app := newApp(t, suite) // with the secrets of that provider
	token, err := app.client.Provider().Token(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, token)
}

// buysToken tells whether a suite_ticket is good.
func buysToken(t *testing.T, suite *openworktest.Suite, ticket openwork.SuiteTicket) error {
	t.Helper()
	tickets := openwork.TicketsIn(openwork.NewMemoryCache())
	require.NoError(t, tickets.PutTicket(t.Context(), suite.Config().SuiteID, openwork.SuiteTicket{Value: ticket.Value, Time: time.Now()}))
	client, err := openwork.NewClient(suite.ClientConfig(tickets, nil))
	require.NoError(t, err)
	_, err = client.Suite().Token(t.Context())
	return err
}

func requireCode(t *testing.T, code int, err error) {
	t.Helper()
	var api *openwork.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, code, api.Code)
}

// The newest ticket counts, and a missed push does no harm.
func TestSuite_Tickets(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		server, err := openwork.NewServer(suite.Config())
		require.NoError(t, err)
		received := func() openwork.SuiteTicket {
			ticket, err := server.Tickets().Ticket(t.Context(), suite.Config().SuiteID)
			require.NoError(t, err)
			return ticket
		}
		requireCode(t, 40085, buysToken(t, suite, openwork.SuiteTicket{Value: "invented"}))

		suite.DeliverTo(server)
		requireAccepted(t)(suite.SendTicket(t.Context()))
		first := received()
		require.NoError(t, buysToken(t, suite, first))

		time.Sleep(10 * time.Minute)
		suite.DeliverTo(status(500))
		answer, err := suite.SendTicket(t.Context())
		require.NoError(t, err)
		require.Equal(t, openworktest.ShownAsError, answer.Verdict)
		require.NoError(t, buysToken(t, suite, first), "the next push was missed")

		time.Sleep(10 * time.Minute)
		suite.DeliverTo(server)
		requireAccepted(t)(suite.SendTicket(t.Context()))
		second := received()
		require.NotEqual(t, first.Value, second.Value)
		require.NoError(t, buysToken(t, suite, second))
		requireCode(t, 40085, buysToken(t, suite, first))

		time.Sleep(30*time.Minute - time.Second)
		require.NoError(t, buysToken(t, suite, second))
		time.Sleep(time.Second)
		requireCode(t, 40085, buysToken(t, suite, second))
	})
}

// A handler of the push may buy a token at once.
func TestSuite_TicketIsGoodWhileItIsPushed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		app := newApp(t, suite)
		calls := 0
		app.HandleSuiteTicketRefreshed(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			calls++
			if err := buysToken(t, suite, openwork.SuiteTicket{Value: msg.Get("SuiteTicket")}); err != nil {
				return openwork.Success, err
			}
			return next(msg)
		})
		requireAccepted(t)(suite.SendTicket(t.Context()))
		assert.Equal(t, 1, calls)
	})
}

// Of two tickets the one that was issued later counts, in whatever order they
// are accepted.
func TestSuite_TicketsThatOvertake(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		values := make(chan string, 2)
		server, err := openwork.NewServer(suite.Config())
		require.NoError(t, err)
		server.HandleSuiteTicketRefreshed(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			values <- msg.Get("SuiteTicket")
			if len(values) == 1 {
				time.Sleep(4 * time.Second)
			}
			return next(msg)
		})
		suite.DeliverTo(server)
		go func() { requireAccepted(t)(suite.SendTicket(t.Context())) }()
		time.Sleep(time.Second)
		requireAccepted(t)(suite.SendTicket(t.Context()))
		time.Sleep(10 * time.Second)
		older, newer := <-values, <-values
		requireCode(t, 40085, buysToken(t, suite, openwork.SuiteTicket{Value: older}))
		require.NoError(t, buysToken(t, suite, openwork.SuiteTicket{Value: newer}))
	})
}

func TestSuite_SendTickets(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		seen := &recorder{answer: status(500)}
		suite.DeliverTo(seen)
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Minute)
		defer cancel()
		require.ErrorIs(t, suite.SendTickets(ctx), context.DeadlineExceeded)
		var at []time.Duration
		for _, request := range seen.all() {
			at = append(at, request.at.Sub(seen.all()[0].at))
		}
		assert.Equal(t, []time.Duration{0, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute}, at)
		assert.ErrorIs(t, openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite().SendTickets(t.Context()), openworktest.ErrNoURL)
	})
}

// An installation from the market brings the code by push, one from the
// provider's own site by redirect; both buy a permanent code.
func TestSuite_InstallAndAuthorize(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		app := newApp(t, suite)
		corp := install(t, suite)
		assert.Regexp(t, `^wp[0-9A-Za-z]{30}$`, corp.ID())
		assert.Equal(t, []string{"suite_ticket", "create_auth"}, app.names())
		assert.NotEmpty(t, corp.PermanentCode())
		code, _ := app.codes.get(t.Context(), corp.ID())
		assert.Equal(t, corp.PermanentCode(), code)
		assert.Same(t, corp, suite.Corp(corp.ID()))

		other, authCode, err := suite.Authorize(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, corp.ID(), other.ID())
		assert.Len(t, app.names(), 2, "nothing was pushed")
		assert.Empty(t, other.PermanentCode())
		authorization, err := app.client.PermanentCode(t.Context(), authCode)
		require.NoError(t, err)
		assert.Equal(t, other.ID(), authorization.AuthCorpInfo.CorpID)
		assert.Equal(t, other.PermanentCode(), authorization.PermanentCode)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err = suite.Authorize(ctx)
		assert.ErrorIs(t, err, context.Canceled)
	})
}

// Whatever a handler answers, the corp has installed the app, and the
// auth_code is good for its 10 minutes.
func TestSuite_InstallThatIsNotAccepted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		app := newApp(t, suite)
		var authCode string
		server, err := openwork.NewServer(suite.Config())
		require.NoError(t, err)
		server.HandleAuthCreated(func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
			authCode = msg.Get("AuthCode")
			return openwork.Success, fmt.Errorf("the database is down")
		})
		suite.DeliverTo(server)
		corp, answer, err := suite.Install(t.Context())
		require.NoError(t, err)
		assert.Equal(t, openworktest.ShownAsError, answer.Verdict)
		assert.Equal(t, 500, answer.Status)
		_, err = app.client.PermanentCode(t.Context(), authCode)
		require.NoError(t, err)
		assert.NotEmpty(t, corp.PermanentCode())
	})
}

func TestTemplate_Scan(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
		template, other := wecom.NewTemplate(), wecom.NewTemplate()
		app := newApp(t, template.Suite)
		qr, err := app.client.CustomizedAuthURL(t.Context(), "shop 7", template.Config().SuiteID)
		require.NoError(t, err)
		corp, answer, err := template.Scan(t.Context(), qr.QRCodeURL)
		requireAccepted(t)(answer, err)
		assert.Equal(t, "create_auth", app.last().Name())
		assert.Equal(t, "shop 7", app.last().Get("State"))
		assert.NotEmpty(t, corp.PermanentCode())

		other.DeliverTo(app)
		_, _, err = other.Scan(t.Context(), qr.QRCodeURL)
		assert.Error(t, err, "a code for another template")
		for _, url := range []string{"", "://", qr.QRCodeURL + "x", "https://open.work.weixin.qq.com/"} {
			_, _, err := template.Scan(t.Context(), url)
			assert.Error(t, err, url)
		}
		time.Sleep(qr.ExpiresIn)
		_, _, err = template.Scan(t.Context(), qr.QRCodeURL)
		assert.Error(t, err, "expired")
	})
}

// Nothing prints a secret.
func TestPlatform_PrintsNoSecrets(t *testing.T) {
	t.Parallel()
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
	template := wecom.NewTemplate()
	provider := wecom.NewProvider()
	corp := template.Corp("wpmine000000000001")
	secrets := []string{template.Config().Token, template.Config().EncodingAESKey, provider.Config().Token,
		template.ClientConfig(openwork.TicketsIn(openwork.NewMemoryCache()), nil).SuiteSecret, provider.ClientConfig().ProviderSecret}
	for _, v := range []any{wecom, template, template.Suite, provider, corp, corp.OwnURL()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			text := fmt.Sprintf(verb, v)
			assert.Contains(t, text, "openworktest.")
			for _, secret := range secrets {
				assert.NotContains(t, text, secret)
			}
			assert.False(t, strings.Contains(text, corp.OwnURL().Config().Token))
		}
	}
}

// Whatever is secret bears the mark, and nothing else does.
func TestPlatform_Mark(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const mark = "s3cr3t"
		a := newAPI(t, openworktest.PlatformConfig{Mark: mark})
		config := a.suite.Config()
		own := a.customer.OwnURL().Config()
		for _, secret := range []string{config.Token, config.EncodingAESKey, own.Token, own.EncodingAESKey} {
			assert.True(t, strings.HasPrefix(secret, mark), secret)
		}
		public := map[string]bool{"{suite}": true, "{template}": true, "{provider}": true, "{corp}": true, "{customer}": true, "{agent}": true}
		for i := 0; i < len(a.values); i += 2 {
			assert.Equal(t, !public[a.values[i]], strings.HasPrefix(a.values[i+1], mark), a.values[i])
		}
		ticket, err := a.client.Corp(a.corp.ID()).JSAPITicket(t.Context())
		require.NoError(t, err)
		assert.Contains(t, ticket, mark)
	})
	for _, mark := range []string{"elevenchars", "with blank", "ümlaut"} {
		assert.Panics(t, func() { openworktest.NewPlatform(openworktest.PlatformConfig{Mark: mark}) }, mark)
	}
}

// Used by many at once: the race detector is the assertion.
func TestPlatform_Concurrently(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{Duplicates: 0.3, Reencrypt: true, Delay: time.Second})
		suite := wecom.NewSuite()
		app := newApp(t, suite)
		for i := range 20 {
			go func() {
				corp := install(t, suite)
				_, err := app.client.Corp(corp.ID()).CallbackIPs(t.Context())
				assert.NoError(t, err)
				_, err = corp.Change(t.Context(), func(a *openwork.Authorization) { a.AuthInfo.Agents[0].Name = fmt.Sprint(i) })
				assert.NoError(t, err)
				_, err = corp.Say(t.Context(), "lisi", "hello")
				assert.NoError(t, err)
				_, err = suite.SendTicket(t.Context())
				assert.NoError(t, err)
				corp.EndToken()
				_, err = corp.Uninstall(t.Context())
				assert.NoError(t, err)
				wecom.Inject(openworktest.Fault{Path: "/none", Times: 1})()
				assert.NotEmpty(t, wecom.Log(""))
			}()
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Equal(t, 20, wecom.Calls("/cgi-bin/getcallbackip"))
	})
}
