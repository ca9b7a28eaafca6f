package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
)

// exampleConfig is the configuration of a third-party app, with ids and secrets made up for the examples.
var exampleConfig = openwork.Config{
	SuiteID:        "ww1a2b3c4d5e6f7a8b",
	Token:          "QDG6eKtestToken",
	EncodingAESKey: "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
	ProviderCorpID: "wwprovider00000001",
	Tolerance:      -1, // the pushes of the examples are from 2023
	Logger:         slog.New(slog.DiscardHandler),
}

// A Server is an http.Handler.
func Example() {
	server, err := openwork.NewServer(openwork.Config{
		SuiteID:        "ww1a2b3c4d5e6f7a8b",
		Token:          "QDG6eKtestToken",                             // the callback Token of the provider console
		EncodingAESKey: "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", // 43 characters
		ProviderCorpID: "wwprovider00000001",
	})
	if err != nil {
		panic(err)
	}
	server.HandleAuthCreated(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		fmt.Println("a corp has installed the app; exchange its AuthCode:", msg.Get("AuthCode") != "")
		return next(msg)
	})
	server.HandleUserCreated(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		fmt.Println(msg.CorpID, "has a new member:", msg.Get("UserID"))
		return next(msg)
	})
	http.Handle("/wecom/callback", server)
}

// A process that serves pushes until it is told to stop.
func ExampleServer_Shutdown() {
	server, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}
	run := func() error {
		httpServer := &http.Server{
			Addr:              ":8080",
			Handler:           server,
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       10 * time.Second,
			WriteTimeout:      10 * time.Second, // longer than Config.HandlerTimeout
			IdleTimeout:       time.Minute,
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		stopped := make(chan error, 1)
		go func() {
			<-ctx.Done()
			stopped <- httpServer.Shutdown(context.Background()) // waits for pushes at hand
		}()
		if err := httpServer.ListenAndServe(); err != http.ErrServerClosed {
			return err
		}
		grace, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		return errors.Join(<-stopped, server.Shutdown(grace)) // waits for handlers that go on after the answer
	}
	_ = run // which serves until the process is told to stop
	fmt.Println("stopped:", server.Shutdown(context.Background()))
	// Output:
	// stopped: <nil>
}

// In a handler of your own, of any framework that shows its *http.Request.
func ExampleServer_Serve() {
	server, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}
	callback := func(w http.ResponseWriter, r *http.Request) {
		resp, err := server.Serve(r)
		if err != nil {
			resp = openwork.ErrorResponse(err)
		}
		resp.Send(w)
	}

	w := httptest.NewRecorder()
	callback(w, newPush(command("create_auth", "AuthCode", "code")).request())
	fmt.Println(w.Code, w.Body)

	w = httptest.NewRecorder()
	callback(w, newPush(command("create_auth"), func(p *push) { p.Token = "guessed" }).request())
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 success
	// 403
}

// With runs for every push: here, a log line around the handlers.
func ExampleServer_With() {
	server, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}
	server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		reply, err := next(msg)
		fmt.Println(msg.Name(), "handled, error:", err)
		return reply, err
	})
	server.HandleContactChanged(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		fmt.Println("address book of", msg.CorpID, "changed:", msg.ChangeType, msg.Get("UserID"))
		return next(msg)
	})

	server.Serve(newPush(command("change_contact", "ChangeType", "create_user", "UserID", "zhangsan")).request())
	server.Serve(newPush(command("an_event_of_next_year")).request())
	// Output:
	// address book of wpcustomer00000001 changed: create_user zhangsan
	// change_contact.create_user handled, error: <nil>
	// an_event_of_next_year handled, error: <nil>
}

// Handle takes any event by the name WeCom gives it, or a whole family by its first part.
func ExampleServer_Handle() {
	server, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}
	server.Handle("change_external_contact.add_external_contact", func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		fmt.Println("new customer of", msg.Get("UserID"))
		return next(msg)
	})
	server.Handle("message", func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		fmt.Println(msg.Name(), "from", msg.FromUserName)
		return next(msg)
	})

	server.Serve(newPush(command("change_external_contact", "ChangeType", "add_external_contact", "UserID", "lisi")).request())
	server.Serve(newPush(textMessage("hello"), toCorp).request())
	// Output:
	// new customer of lisi
	// message.text from zhangsan
}

// On hands the event over decoded.
func ExampleOn() {
	server, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}
	openwork.On(server, func(msg *openwork.Message, e *event.CreateUser, next openwork.Next) (openwork.Reply, error) {
		fmt.Println(e.CorpID, "has a new member:", e.UserID, "in departments", e.Department)
		return next(msg)
	})

	server.Serve(newPush(command("change_contact", "ChangeType", "create_user", "UserID", "zhangsan", "Department", "1,2,3")).request())
	// Output: wpcustomer00000001 has a new member: zhangsan in departments [1 2 3]
}

// Typed is for a switch over several events.
func ExampleMessage_Typed() {
	server, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}
	server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		typed, err := msg.Typed()
		if errors.Is(err, openwork.ErrUnknownEvent) {
			return next(msg)
		}
		switch e := typed.(type) {
		case *event.CreateUser:
			fmt.Println("new member", e.UserID)
		case *event.DeleteUser:
			fmt.Println("member gone", e.UserID)
		}
		return next(msg)
	})

	server.Serve(newPush(command("change_contact", "ChangeType", "delete_user", "UserID", "zhangsan")).request())
	// Output: member gone zhangsan
}

// Decode reads a push into a struct of one's own, too.
func ExampleMessage_Decode() {
	server, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}
	server.Handle("an_event_of_next_year", func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		var e struct {
			Reason string
			Items  []string `xml:"List>Item"`
		}
		if err := msg.Decode(&e); err != nil {
			return openwork.Success, err
		}
		fmt.Println(e.Reason)
		return next(msg)
	})

	server.Serve(newPush(command("an_event_of_next_year", "Reason", "new")).request())
	// Output: new
}

// A member's message can be answered on the spot.
func ExampleText() {
	server, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}
	server.Handle("message.text", func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		return openwork.Text("you said: " + msg.Get("Content")), nil
	})

	resp, err := server.Serve(newPush(textMessage("hello"), toCorp).request())
	if err != nil {
		panic(err)
	}
	fmt.Println(resp.StatusCode, resp.Header.Get("Content-Type"), strings.Contains(string(resp.Body), "<Encrypt>"))
	// Output: 200 text/xml; charset=utf-8 true
}

// For those who dispatch and answer by themselves.
func ExampleServer_DecryptedMessage() {
	server, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}
	callback := func(r *http.Request) (*openwork.Response, error) {
		if r.Method == http.MethodGet { // the console checks the URL
			return server.Serve(r)
		}
		msg, err := server.DecryptedMessage(r)
		if err != nil {
			return nil, err
		}
		if msg.MsgType == "text" {
			return server.Respond(msg, openwork.Text("seen"))
		}
		return server.Respond(msg, openwork.Success)
	}

	resp, err := callback(newPush(command("cancel_auth")).request())
	fmt.Println(string(resp.Body), err)
	// Output: success <nil>
}

// With a Queue, pushes are acknowledged at once and handled by its workers.
func ExampleNewMemoryQueue() {
	queue := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{
		DeadLetter: func(d openwork.Delivery, err error) { fmt.Println("given up:", d.Name, err) },
	})
	config := exampleConfig
	config.Queue = queue
	server, err := openwork.NewServer(config)
	if err != nil {
		panic(err)
	}
	server.HandleAuthCreated(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		fmt.Println("handled by a worker:", msg.Name())
		return next(msg)
	})
	queue.Start(server.Process)

	resp, err := server.Serve(newPush(command("create_auth", "AuthCode", "code")).request())
	fmt.Println(string(resp.Body), err)
	queue.Shutdown(context.Background())
	// Unordered output:
	// success <nil>
	// handled by a worker: create_auth
}

// Several apps behind one URL: the one whose Token signed the push gets it.
func ExampleMux_Add() {
	first, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}
	config := exampleConfig
	config.SuiteID, config.Token = "ww2a2b3c4d5e6f7a8b", "anotherToken"
	second, err := openwork.NewServer(config)
	if err != nil {
		panic(err)
	}

	var mux openwork.Mux
	mux.Add("/wecom/callback", first, second)
	http.Handle("/wecom/callback", &mux)
}

// Why a push was refused, for those who count or log such things themselves.
func ExampleRefusedError() {
	server, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}
	_, err = server.Serve(newPush(strings.ReplaceAll(command("create_auth"), testSuiteID, "ww00000another0app"),
		func(p *push) { p.ReceiveID = "ww00000another0app" }).request())

	fmt.Println(openwork.StatusCode(err))
	fmt.Println(err)
	// Output:
	// 403
	// openwork: POST refused: suite id: receive id does not match: got ww00000another0app, want ww1a2b3c4d5e6f7a8b
}

// Whatever needs the suite_ticket reads it from the Server that receives it, or from the Cache that Server writes to.
func ExampleTicketsIn() {
	config := exampleConfig
	config.Cache = openwork.NewMemoryCache() // a shared one, where several processes are
	server, err := openwork.NewServer(config)
	if err != nil {
		panic(err)
	}
	tickets := openwork.TicketsIn(config.Cache) // in a process that calls the API but receives no pushes

	_, err = tickets.Ticket(context.Background(), config.SuiteID)
	fmt.Println(err)
	server.Serve(newPush(ticketXML(config.SuiteID, "the ticket", testNow)).request())
	_, err = tickets.Ticket(context.Background(), config.SuiteID)
	fmt.Println(err)
	// Output:
	// openwork: suite ww1a2b3c4d5e6f7a8b: no suite_ticket yet: WeCom pushes one every 10 minutes, or by hand from the provider console
	// openwork: suite ww1a2b3c4d5e6f7a8b: last issued 2023-11-14T22:13:20Z: suite_ticket expired: pushes have not arrived for 30 minutes
}
