// Command lifecycle shows how a corp comes and goes: installation from the app market and from the provider's own site, a
// change, a new secret, a cancellation, a return; with pushes that come twice and late. It plays WeCom itself, on two
// loopback ports, and ends by itself.
//
//	go run ./examples/lifecycle
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/examples/internal/pretend"
)

// None of this is anybody's.
const (
	suiteID     = "ww1a2b3c4d5e6f7a8b"
	suiteSecret = "the suite's secret"
	token       = "lifecycleToken"
	key         = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "lifecycle:", err)
		os.Exit(1)
	}
}

func run() error {
	api := newPlatform(suiteID, suiteSecret)
	apiServer := httptest.NewServer(api)
	defer apiServer.Close()
	app, err := newApp(openwork.Config{
		SuiteID: suiteID, Token: token, EncodingAESKey: key, ProviderCorpID: "wwprovider00000001",
		Logger: slog.New(slog.NewTextHandler(os.Stdout, nil)),
	}, suiteSecret, apiServer.URL, &memoryCodes{})
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.Handle("/wecom/callback", app.server)
	routes.HandleFunc("/install/callback", app.installed)
	appServer := httptest.NewServer(routes)
	defer appServer.Close()
	crypto, err := openwork.NewCrypto(token, key)
	if err != nil {
		return err
	}
	w := &weCom{url: appServer.URL, crypto: crypto}
	return play(context.Background(), w, app, api)
}

// play is the story. Every step checks what it says.
func play(ctx context.Context, w *weCom, app *app, api *platform) error {
	const acme, other = "wpacme000000000001", "wpother00000000001"
	installed := time.Now().Add(-time.Minute)
	steps := []struct {
		title string
		do    func() error
	}{
		{"Before the first suite_ticket nothing can be called.", func() error {
			_, err := app.client.PreAuthCode(ctx)
			if !errors.Is(err, openwork.ErrNoSuiteTicket) {
				return fmt.Errorf("got %v", err)
			}
			return nil
		}},
		{"WeCom pushes a suite_ticket.", func() error {
			return w.push("suite_ticket", time.Now(), "SuiteTicket", api.ticket())
		}},
		{"A corp installs the app from the market: create_auth.", func() error {
			return w.push("create_auth", installed, "AuthCode", api.authorize(acme, "auth-1"))
		}},
		{"The same push comes again, and is not handled again. Were it, the auth_code would give the same answer.", func() error {
			return errors.Join(w.push("create_auth", installed, "AuthCode", "auth-1"),
				app.authorize(ctx, "auth-1", installed), api.expectExchanges(1))
		}},
		{"The app calls the corp's API.", func() error {
			name, err := app.memberName(ctx, acme, "zhangsan")
			fmt.Printf("   zhangsan is %s\n", name)
			return err
		}},
		{"Another corp installs from the provider's own site; the browser brings the auth_code.", func() error {
			code, err := app.client.PreAuthCode(ctx)
			if err != nil {
				return err
			}
			link := app.client.InstallURL(code.Code, w.url+"/install/callback", "state-of-this-browser")
			fmt.Printf("   the link begins with %s\n", strings.SplitAfter(link, "?")[0])
			return w.browse("/install/callback?state=state-of-this-browser&auth_code=" + api.authorize(other, "auth-2"))
		}},
		{"Its members can be read too.", func() error {
			_, err := app.memberName(ctx, other, "lisi")
			return err
		}},
		{"The first corp changes what the app may see: change_auth.", func() error {
			return w.push("change_auth", installed.Add(10*time.Second), "AuthCorpId", acme)
		}},
		{"Its permanent code is reset: the old one and its tokens stop working.", func() error {
			return w.push("reset_permanent_code", installed.Add(20*time.Second), "AuthCode", api.authorize(acme, "auth-3"))
		}},
		{"The app goes on with the new one.", func() error {
			_, err := app.memberName(ctx, acme, "zhangsan")
			return err
		}},
		{"WeCom ends an access_token early; the app notices and gets another.", func() error {
			api.endTokens(acme)
			_, err := app.memberName(ctx, acme, "zhangsan")
			return err
		}},
		{"The corp removes the app: cancel_auth. There is nothing left to call with.", func() error {
			api.cancel(acme)
			if err := w.push("cancel_auth", installed.Add(30*time.Second), "AuthCorpId", acme); err != nil {
				return err
			}
			if _, err := app.memberName(ctx, acme, "zhangsan"); !errors.Is(err, openwork.ErrAuthorizationRevoked) {
				return fmt.Errorf("got %v", err)
			}
			return nil
		}},
		{"It installs the app again, and then another cancel_auth comes late. It is older, and ignored.", func() error {
			return errors.Join(
				w.push("create_auth", installed.Add(40*time.Second), "AuthCode", api.authorize(acme, "auth-4")),
				w.push("cancel_auth", installed.Add(35*time.Second), "AuthCorpId", acme))
		}},
		{"The app still works for it.", func() error {
			_, err := app.memberName(ctx, acme, "zhangsan")
			return err
		}},
	}
	for i, step := range steps {
		fmt.Printf("%2d. %s\n", i+1, step.title)
		if err := step.do(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	fmt.Printf("All %d steps went as they should; WeCom's API was called %d times.\n", len(steps), api.calls())
	return nil
}

// weCom pushes events and plays the browser.
type weCom struct {
	url    string
	crypto *openwork.Crypto
}

func (w *weCom) push(infoType string, at time.Time, fields ...string) error {
	message := pretend.Document(append([]string{"SuiteId", suiteID, "InfoType", infoType, "TimeStamp", fmt.Sprint(at.Unix())}, fields...)...)
	request, err := pretend.Push(w.crypto, message, suiteID, time.Now())
	if err != nil {
		return err
	}
	resp, err := http.Post(w.url+"/wecom/callback?"+request.Query, "text/xml", strings.NewReader(request.Body))
	return expect(resp, err, "success")
}

func (w *weCom) browse(path string) error {
	resp, err := http.Get(w.url + path)
	return expect(resp, err, "installed\n")
}

func expect(resp *http.Response, err error, want string) error {
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || string(body) != want) {
		err = fmt.Errorf("answered %s %q", resp.Status, body)
	}
	return err
}
