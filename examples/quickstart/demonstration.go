package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/examples/internal/pretend"
)

// The app of the demonstration. None of this is anybody's.
const (
	suiteID  = "ww1a2b3c4d5e6f7a8b"
	token    = "quickstartToken"
	key      = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	provider = "wwprovider00000001"
	corp     = "wpcustomer00000001"
)

// demonstrate serves three callback URLs over HTTP and sends them pushes; it fails if one is answered otherwise than it
// should be.
func demonstrate(out io.Writer) error {
	operator := &operatorLog{}
	app, err := newServer(openwork.Config{
		SuiteID: suiteID, Token: token, EncodingAESKey: key, ProviderCorpID: provider, Logger: operator.logger(),
	}, out)
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.Handle("/app", app)
	for path, sample := range officialServers {
		sample.Tolerance = -1 // the samples were signed in 2014 and 2016
		sample.Logger = operator.logger()
		server, err := newServer(sample, out)
		if err != nil {
			return err
		}
		routes.Handle(path, server)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	httpServer := &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(listener) }()
	defer func() {
		_ = httpServer.Shutdown(context.Background())
		<-served
		_ = app.Shutdown(context.Background())
	}()
	w := &weCom{base: "http://" + listener.Addr().String(), out: out, log: operator}
	fmt.Fprintf(out, "A callback server listens on %s\n", w.base)

	fmt.Fprintln(out, "\nThe sample pushes that WeCom publishes:")
	for _, p := range officialPushes {
		w.send(p)
	}
	fmt.Fprintln(out, "\nA URL check, and the pushes of a suite's life:")
	crypto, err := openwork.NewCrypto(token, key)
	if err != nil {
		return err
	}
	pushes, err := lifePushes(crypto)
	if err != nil {
		return err
	}
	for _, p := range pushes {
		w.send(p)
	}
	fmt.Fprintln(out, "\nPushes that must be refused, and what the operator reads in the log:")
	pushes, err = badPushes(crypto)
	if err != nil {
		return err
	}
	for _, p := range pushes {
		w.send(p)
	}
	ticket, err := app.Tickets().Ticket(context.Background(), suiteID)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d pushes were answered as they should be: %d accepted, %d refused; %d were not.\n",
		w.accepted+w.refused, w.accepted, w.refused, w.wrong)
	fmt.Fprintf(out, "The suite_ticket at hand was issued at %s.\n", ticket.Time.Format(time.RFC3339))
	if w.wrong > 0 {
		return fmt.Errorf("%d pushes were answered otherwise than they should be", w.wrong)
	}
	return nil
}

// httpPush is a request as WeCom sends it, and the answer it should get.
type httpPush struct {
	title   string
	path    string
	request pretend.Request
	status  int
	answer  string // "" for an empty body, "…" for a sealed reply
}

// weCom plays WeCom's part.
type weCom struct {
	base                     string
	out                      io.Writer
	log                      *operatorLog
	accepted, refused, wrong int
}

func (w *weCom) send(p httpPush) {
	w.log.Reset()
	status, answer, err := w.exchange(p)
	switch {
	case err != nil:
		w.wrong++
		fmt.Fprintf(w.out, "   %-28s failed: %v\n", p.title, err)
	case status != p.status || answer != p.answer && (p.answer != "…" || !strings.Contains(answer, "<Encrypt>")):
		w.wrong++
		fmt.Fprintf(w.out, "   %-28s answered %d %q, not %d %q\n", p.title, status, answer, p.status, p.answer)
	case status == http.StatusOK:
		w.accepted++
		if p.request.Method == http.MethodGet {
			fmt.Fprintf(w.out, "   %-28s answered with the echo %q\n", p.title, answer)
		}
	default:
		w.refused++
		fmt.Fprintf(w.out, "   %-28s %d\n      %s\n", p.title, status, strings.TrimSpace(w.log.String()))
	}
}

func (w *weCom) exchange(p httpPush) (status int, answer string, err error) {
	request, err := http.NewRequest(p.request.Method, w.base+p.path+"?"+p.request.Query, strings.NewReader(p.request.Body))
	if err != nil {
		return 0, "", err
	}
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// operatorLog keeps the log lines of one push.
type operatorLog struct{ bytes.Buffer }

func (l *operatorLog) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{
		Level: slog.LevelWarn,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}
