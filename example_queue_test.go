package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/openwork-go/openwork"
)

// A push is acknowledged as soon as the queue has it. A handler that fails is tried again, and Shutdown waits for the rest.
func ExampleMemoryQueue() {
	queue := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{
		Backoff: time.Millisecond,
		DeadLetter: func(d openwork.Delivery, err error) {
			fmt.Println("given up:", d.Name, err)
		},
	})
	config := exampleConfig
	config.Queue = queue
	server, err := openwork.NewServer(config)
	if err != nil {
		panic(err)
	}
	attempts := 0
	server.HandleAuthCreated(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		if attempts++; attempts == 1 {
			return openwork.Success, errors.New("the database is down")
		}
		fmt.Println("handled:", msg.Name(), "of", msg.CorpID)
		return next(msg)
	})

	w := httptest.NewRecorder()
	server.ServeHTTP(w, newPush(command("create_auth", "AuthCode", "code")).request())
	fmt.Println("answered:", w.Body)

	queue.Start(server.Process)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := queue.Shutdown(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// answered: success
	// handled: create_auth of wpcustomer00000001
}

// An app of one's own beside customers' customized apps, whose Tokens and keys are in a database.
func ExampleMux() {
	app, err := openwork.NewServer(exampleConfig)
	if err != nil {
		panic(err)
	}
	mux := &openwork.Mux{
		Resolve: func(_ context.Context, corpID string) (*openwork.Server, error) {
			fmt.Println("looking up", corpID)
			return nil, nil // there is none for this corp
		},
	}
	mux.Add("/wecom/callback", app)

	own := httptest.NewRecorder()
	mux.ServeHTTP(own, newPush(command("change_auth")).request())
	fmt.Println(own.Code, own.Body)

	foreign := httptest.NewRecorder()
	mux.ServeHTTP(foreign, newPush(textMessage("hello"), toCorp, func(p *push) { p.Token = "TokenOfAnotherApp" }).request())
	fmt.Println(foreign.Code)
	// Output:
	// 200 success
	// looking up wpcustomer00000001
	// 403
}
