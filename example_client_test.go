package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/openwork-go/openwork"
)

// exampleAPI answers as WeCom's API would, and stands in for it in the examples.
func exampleAPI() *httptest.Server {
	answers := map[string]string{
		"/cgi-bin/service/get_suite_token":       `{"suite_access_token":"suite token","expires_in":7200}`,
		"/cgi-bin/service/get_provider_token":    `{"provider_access_token":"provider token","expires_in":7200}`,
		"/cgi-bin/service/get_corp_token":        `{"access_token":"corp token","expires_in":7200}`,
		"/cgi-bin/service/v2/get_permanent_code": `{"permanent_code":"permanent code","auth_corp_info":{"corpid":"wpcustomer00000001","corp_name":"A Corp"}}`,
		"/cgi-bin/user/get":                      `{"errcode":0,"userid":"zhangsan","name":"张三"}`,
		"/cgi-bin/message/send":                  `{"errcode":60020,"errmsg":"not allow to access from your ip, hint: [1700000000_1_abc], from ip: 127.0.0.1"}`,
		"/cgi-bin/get_jsapi_ticket":              `{"errcode":0,"ticket":"jsapi ticket","expires_in":7200}`,
		"/cgi-bin/license/get_app_license_info":  `{"errcode":0,"license_status":1}`,
	}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, answers[r.URL.Path])
	}))
}

// exampleClient is a Client whose suite has a ticket already.
func exampleClient(api *httptest.Server) *openwork.Client {
	config := exampleConfig
	server, err := openwork.NewServer(config)
	if err != nil {
		panic(err)
	}
	server.Tickets().PutTicket(context.Background(), config.SuiteID, openwork.SuiteTicket{Value: "ticket", Time: time.Now()})
	client, err := openwork.NewClient(openwork.ClientConfig{
		SuiteID:        config.SuiteID,
		SuiteSecret:    "the suite's secret",
		ProviderCorpID: config.ProviderCorpID,
		ProviderSecret: "the provider's secret",
		Tickets:        server.Tickets(),
		PermanentCodes: func(ctx context.Context, corpID string) (string, error) { return "from your database", nil },
		BaseURL:        api.URL,
	})
	if err != nil {
		panic(err)
	}
	return client
}

// A Server and a Client of the same suite share the tickets.
func ExampleNewClient() {
	var codes interface { // your database
		Get(ctx context.Context, corpID string) (string, error)
	}

	cache := openwork.NewMemoryCache() // or one that all replicas share
	server, err := openwork.NewServer(openwork.Config{
		SuiteID:        "ww1a2b3c4d5e6f7a8b",
		Token:          "QDG6eKtestToken",
		EncodingAESKey: "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
		ProviderCorpID: "wwprovider00000001",
		Cache:          cache,
	})
	if err != nil {
		panic(err)
	}
	client, err := openwork.NewClient(openwork.ClientConfig{
		SuiteID:        "ww1a2b3c4d5e6f7a8b",
		SuiteSecret:    "the suite's secret",
		Tickets:        server.Tickets(),
		PermanentCodes: func(ctx context.Context, corpID string) (string, error) { return codes.Get(ctx, corpID) },
		Cache:          cache,
	})
	if err != nil {
		panic(err)
	}
	_ = client
}

// An installation: exchange the code, keep the permanent code.
func ExampleClient_PermanentCode() {
	api := exampleAPI()
	defer api.Close()
	client := exampleClient(api)
	save := func(ctx context.Context, corpID, permanentCode string, at time.Time) error { return nil } // to your database
	server, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}

	server.HandleAuthCreated(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		auth, err := client.PermanentCode(msg.Context(), msg.Get("AuthCode")) // safe to repeat
		if err != nil {
			return openwork.Success, err
		}
		if err := save(msg.Context(), auth.AuthCorpInfo.CorpID, auth.PermanentCode, msg.Time); err != nil {
			return openwork.Success, err
		}
		fmt.Println(auth.AuthCorpInfo.CorpName, "has installed the app")
		return next(msg)
	})

	server.Serve(newPush(command("create_auth", "AuthCode", "the auth code")).request())
	// Output: A Corp has installed the app
}

// Any endpoint, with the corp's token attached.
func ExampleClient_Corp() {
	api := exampleAPI()
	defer api.Close()
	client, ctx, corpID := exampleClient(api), context.Background(), "wpcustomer00000001"

	var member struct{ Name string }
	err := client.Corp(corpID).Get(ctx, "/cgi-bin/user/get", url.Values{"userid": {"zhangsan"}}, &member)
	fmt.Println(member.Name, err)

	message := map[string]any{"touser": "zhangsan", "msgtype": "text", "agentid": 1000002, "text": map[string]string{"content": "hello"}}
	err = client.Corp(corpID).Post(ctx, "/cgi-bin/message/send", message, nil)
	var refused *openwork.APIError
	switch {
	case errors.Is(err, openwork.ErrAuthorizationRevoked):
		fmt.Println("the corp has removed the app")
	case errors.As(err, &refused):
		fmt.Println(refused.Code, refused.Message)
	}
	// Output:
	// 张三 <nil>
	// 60020 not allow to access from your ip
}

// An http.Client of your own, for uploads, downloads, or generated API code.
func ExampleCaller_RoundTripper() {
	api := exampleAPI()
	defer api.Close()
	client, corpID := exampleClient(api), "wpcustomer00000001"

	httpClient := &http.Client{Transport: client.Corp(corpID).RoundTripper(), Timeout: 10 * time.Second}
	resp, err := httpClient.Get(api.URL + "/cgi-bin/user/get?userid=zhangsan") // https://qyapi.weixin.qq.com/…
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 200 OK
}

// Calls of the provider's own need neither a suite nor a ticket.
func ExampleClient_Provider() {
	api := exampleAPI()
	defer api.Close()
	client, ctx := exampleClient(api), context.Background()

	var license struct {
		Status int `json:"license_status"`
	}
	err := client.Provider().Post(ctx, "/cgi-bin/license/get_app_license_info", map[string]any{"corpid": "wpcustomer00000001"}, &license)
	fmt.Println(license.Status, err)
	// Output: 1 <nil>
}

// What a page of the app needs for wx.config.
func ExampleCorpClient_SignConfig() {
	api := exampleAPI()
	defer api.Close()
	client, ctx := exampleClient(api), context.Background()

	signature, err := client.Corp("wpcustomer00000001").SignConfig(ctx, "https://app.example.com/page?a=1")
	fmt.Println(len(signature.Signature), err)
	// Output: 40 <nil>
}

// A single token, for those who call WeCom with code of their own.
func ExampleNewSuiteAccessToken() {
	api := exampleAPI()
	defer api.Close()
	cache, ctx := openwork.NewMemoryCache(), context.Background()
	openwork.TicketsIn(cache).PutTicket(ctx, "ww1a2b3c4d5e6f7a8b", openwork.SuiteTicket{Value: "ticket", Time: time.Now()})

	suite, err := openwork.NewSuiteAccessToken(openwork.SuiteAccessTokenConfig{
		SuiteID: "ww1a2b3c4d5e6f7a8b",
		Secret:  "the suite's secret",
		Tickets: openwork.TicketsIn(cache), // or server.Tickets()
		Cache:   cache,
		BaseURL: api.URL,
	})
	if err != nil {
		panic(err)
	}
	token, err := suite.Token(ctx)
	fmt.Println(token != "", err)
	// Output: true <nil>
}

// The engine behind the tokens, for something else that expires.
func ExampleNewCachedToken() {
	calls := 0
	token, err := openwork.NewCachedToken(openwork.CachedTokenConfig{
		Key: "weather:beijing",
		Fetch: func(ctx context.Context) (string, time.Duration, error) {
			calls++
			return "sunny", time.Hour, nil
		},
	})
	if err != nil {
		panic(err)
	}
	for range 3 {
		token.Token(context.Background())
	}
	fmt.Println(calls)
	// Output: 1
}
