package openwork_test

import (
	"context"
	"expvar"
	"fmt"

	"github.com/openwork-go/openwork"
)

// Count how pushes end, for /debug/vars. The strings of an Observation are from small sets, and so fit as labels of any
// other metrics library too.
func ExampleServer_observer() {
	pushes := new(expvar.Map) // expvar.Publish("wecom_pushes", pushes) shows it at /debug/vars
	config := exampleConfig
	config.Observer = func(_ context.Context, o openwork.Observation) {
		pushes.Add(string(o.Outcome), 1)
		if o.Outcome == openwork.OutcomeRefused {
			pushes.Add("refused: "+string(o.Check), 1)
		}
		if o.Name != "" {
			pushes.Add("event: "+o.Name, 1)
			pushes.AddFloat("seconds: "+o.Name, o.Duration.Seconds())
		}
	}
	server, err := openwork.NewServer(config)
	if err != nil {
		panic(err)
	}

	installed := newPush(command("create_auth", "AuthCode", "code"))
	server.Serve(installed.request())
	server.Serve(installed.request()) // WeCom sends it again
	server.Serve(newPush(command("an_event_of_next_year")).request())
	server.Serve(newPush("not ours", func(p *push) { p.Token = "anotherToken" }).request())
	for _, name := range []string{"handled", "duplicate", "event: create_auth", "event: other", "refused", "refused: signature"} {
		fmt.Println(name, pushes.Get(name))
	}
	// Output:
	// handled 2
	// duplicate 1
	// event: create_auth 2
	// event: other 1
	// refused 1
	// refused: signature 1
}
