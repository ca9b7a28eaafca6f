package openworktest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/openworktest"
)

// The life of a customer, from the first suite_ticket to the end.
func Example() {
	ctx := context.Background()
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{Seed: 1})
	suite := wecom.NewSuite()

	// What you test: a Server, a Client, your handlers and your database.
	codes := map[string]string{}
	server, err := openwork.NewServer(suite.Config())
	if err != nil {
		panic(err)
	}
	client, err := openwork.NewClient(suite.ClientConfig(server.Tickets(),
		func(_ context.Context, corpID string) (string, error) { return codes[corpID], nil }))
	if err != nil {
		panic(err)
	}
	server.HandleAuthCreated(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		authorization, err := client.PermanentCode(msg.Context(), msg.Get("AuthCode"))
		if err != nil {
			return openwork.Success, err
		}
		codes[authorization.AuthCorpInfo.CorpID] = authorization.PermanentCode
		return next(msg)
	})
	openwork.On(server, func(msg *openwork.Message, e *event.MessageText, next openwork.Next) (openwork.Reply, error) {
		return openwork.Text("hello, " + e.FromUserName), nil
	})
	suite.DeliverTo(server)

	// What WeCom does.
	answer, _ := suite.CheckURL(ctx)
	fmt.Println("URL check:", answer.Verdict)
	answer, _ = suite.SendTicket(ctx)
	fmt.Println("suite_ticket:", answer.Verdict)
	corp, answer, _ := suite.Install(ctx)
	fmt.Println("create_auth:", answer.Verdict)
	answer, _ = corp.Push(ctx, &event.CreateUser{UserID: "zhangsan"})
	fmt.Println("create_user:", answer.Status, answer.Body)
	answer, _ = corp.Say(ctx, "zhangsan", "hi")
	fmt.Println("the app replies:", answer.Reply.Content)

	_, err = client.Corp(corp.ID()).CallbackIPs(ctx)
	fmt.Println("a call:", err)
	corp.Uninstall(ctx)
	_, err = client.Corp(corp.ID()).CallbackIPs(ctx)
	fmt.Println("after the end:", errors.Is(err, openwork.ErrAuthorizationRevoked))
	// Output:
	// URL check: accepted
	// suite_ticket: accepted
	// create_auth: accepted
	// create_user: 200 success
	// the app replies: hello, zhangsan
	// a call: <nil>
	// after the end: true
}

// An app that cannot call the API for a moment tries once more.
func ExamplePlatform_Inject() {
	ctx := context.Background()
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
	client, err := openwork.NewClient(wecom.NewProvider().ClientConfig())
	if err != nil {
		panic(err)
	}
	const path = "/cgi-bin/service/get_provider_token"
	wecom.Inject(openworktest.Fault{Path: path, Status: 502, Times: 1})
	_, err = client.Provider().Token(ctx)
	fmt.Println(err, "after", wecom.Calls(path), "calls")
	// Output: <nil> after 2 calls
}

// An endpoint that the app calls.
func ExamplePlatform_Handle() {
	ctx := context.Background()
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
	wecom.Handle("/cgi-bin/license/list_order", func(c *openworktest.Call) any {
		var in struct {
			CorpID string `json:"corpid"`
		}
		if c.Decode(&in) != nil || in.CorpID == "" {
			return openworktest.Errcode(40013)
		}
		return map[string]any{"order_list": []any{map[string]any{"order_id": "OD1"}}}
	})
	client, err := openwork.NewClient(wecom.NewProvider().ClientConfig())
	if err != nil {
		panic(err)
	}
	var answer struct {
		Orders []struct {
			ID string `json:"order_id"`
		} `json:"order_list"`
	}
	err = client.Provider().Post(ctx, "/cgi-bin/license/list_order", map[string]any{"corpid": "wpacme000000000001"}, &answer)
	fmt.Println(answer.Orders, err)
	err = client.Provider().Post(ctx, "/cgi-bin/license/list_order", map[string]any{}, &answer)
	var api *openwork.APIError
	fmt.Println(errors.As(err, &api) && api.Code == 40013)
	// Output:
	// [{OD1}] <nil>
	// true
}

// t is the *testing.T of your test; examples have none.
var t exampleTB

type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                  {}
func (exampleTB) Context() context.Context { return context.Background() }

// One handler alone.
func ExampleNewMessage() {
	handler := func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		return openwork.Success, fmt.Errorf("no room for %s", msg.Get("UserID"))
	}
	msg := openworktest.NewMessage(t, openwork.Config{}, &event.CreateUser{UserID: "zhangsan"})
	_, err := handler(msg, nil)
	fmt.Println(err)
	// Output: no room for zhangsan
}

// A push without a platform.
func ExampleNewRequest() {
	config := openwork.Config{SuiteID: "ww1a2b3c4d5e6f7a8b", Token: "aToken", EncodingAESKey: "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"}
	server, err := openwork.NewServer(config)
	if err != nil {
		panic(err)
	}
	r := openworktest.NewRequest(config, `<xml><SuiteId>ww1a2b3c4d5e6f7a8b</SuiteId><InfoType>event_of_next_year</InfoType></xml>`, config.SuiteID)
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 success
}

// Answer first, handle in a worker; in a test both are done when the push is
// answered.
func ExampleNewInlineQueue() {
	suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
	queue := openworktest.NewInlineQueue()
	config := suite.Config()
	config.Queue = queue
	server, err := openwork.NewServer(config)
	if err != nil {
		panic(err)
	}
	server.HandleAuthCreated(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
		return openwork.Success, errors.New("the database is down")
	})
	queue.Start(server.Process)
	suite.DeliverTo(server)

	_, answer, _ := suite.Install(context.Background())
	fmt.Println(answer.Verdict)
	fmt.Println(queue.Err())
	// Output:
	// accepted
	// openwork: handler: the database is down
}
