// Command quickstart shows the main job of package openwork: it serves a callback URL on a loopback port, sends itself
// the pushes that WeCom publishes as samples, one of each event of a suite's life, and four that must be refused, and
// ends by itself.
//
//	go run ./examples/quickstart
//
// With -listen it stays up as a real callback URL, configured by the environment variables OPENWORK_SUITE_ID,
// OPENWORK_TOKEN, OPENWORK_ENCODING_AES_KEY and OPENWORK_PROVIDER_CORP_ID:
//
//	go run ./examples/quickstart -listen :8080
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/openwork-go/openwork"
)

func main() {
	listen := flag.String("listen", "", "serve this address instead of the demonstration, for example :8080;\n"+
		"configured by OPENWORK_SUITE_ID, OPENWORK_TOKEN, OPENWORK_ENCODING_AES_KEY and OPENWORK_PROVIDER_CORP_ID")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "quickstart: no arguments are taken but -listen ADDRESS")
		os.Exit(2)
	}
	run := func() error { return demonstrate(os.Stdout) }
	if *listen != "" {
		run = func() error { return serve(*listen) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// newServer is a Server with a closure per event that prints what it received.
func newServer(config openwork.Config, out io.Writer) (*openwork.Server, error) {
	server, err := openwork.NewServer(config)
	if err != nil {
		return nil, err
	}
	show := func(text string, fields ...string) openwork.Handler {
		return func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			line := fmt.Sprintf("   %-28s %s", msg.Name(), text)
			for _, field := range fields {
				line += " " + field + "=" + msg.Get(field)
			}
			fmt.Fprintln(out, line)
			return next(msg)
		}
	}
	server.HandleSuiteTicketRefreshed(show("a new suite_ticket is kept")) // and not printed: it is a secret
	server.HandleAuthCreated(show("a corp installed the app", "SuiteId")) // its AuthCode is a secret too
	server.HandleAuthChanged(show("a corp changed what the app may do", "AuthCorpId"))
	server.HandleAuthCancelled(show("a corp removed the app", "AuthCorpId"))
	server.HandleUserCreated(show("a member joined", "UserID", "Department"))
	server.HandleUserUpdated(show("a member changed", "UserID", "NewUserID"))
	server.HandleUserDeleted(show("a member left", "UserID"))
	server.HandlePartyCreated(show("a department was added", "Id", "ParentId"))
	server.HandlePartyUpdated(show("a department changed", "Id", "ParentId"))
	server.HandlePartyDeleted(show("a department was removed", "Id"))
	server.HandleUserTagUpdated(show("a tag changed", "TagId", "AddUserItems"))
	server.HandleShareAgentChanged(show("the app was shared", "CorpId", "AgentId"))
	server.HandleResetPermanentCode(show("a customized app's secret was reset"))
	server.HandleChangeAppAdmin(show("the app's administrators changed", "AgentID"))
	server.Handle("message.text", func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		fmt.Fprintf(out, "   %-28s %s wrote %q\n", msg.Name(), msg.FromUserName, msg.Get("Content"))
		return openwork.Text("received: " + msg.Get("Content")), nil
	})
	return server, nil
}

// serve is the real thing.
func serve(address string) error {
	server, err := newServer(openwork.Config{
		SuiteID:        os.Getenv("OPENWORK_SUITE_ID"),
		Token:          os.Getenv("OPENWORK_TOKEN"),
		EncodingAESKey: os.Getenv("OPENWORK_ENCODING_AES_KEY"),
		ProviderCorpID: os.Getenv("OPENWORK_PROVIDER_CORP_ID"),
	}, os.Stdout)
	if err != nil {
		return fmt.Errorf("%w (see the OPENWORK_… variables in -h)", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	slog.Info("serving the callback URL at every path; end with Ctrl-C", "address", listener.Addr().String())
	httpServer := &http.Server{
		Handler:           server,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second, // longer than Config.HandlerTimeout
		IdleTimeout:       time.Minute,
	}
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := httpServer.Shutdown(grace); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return server.Shutdown(grace) // waits for handlers that go on after the answer
}
