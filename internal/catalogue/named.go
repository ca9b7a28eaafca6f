package catalogue

import "sync"

// byName are the events of the table, read once.
var byName = sync.OnceValues(func() (map[string]*Event, error) {
	events, err := Events()
	named := map[string]*Event{}
	for _, e := range events {
		named[e.Name] = e
	}
	return named, err
})

// Named is the event of a name, nil if there is none. It must not be changed.
func Named(name string) (*Event, error) {
	named, err := byName()
	return named[name], err
}

// FormFor is the form in which the event comes to a kind of app: "third_party",
// "customized" or "provider". One that is for this kind alone goes before one
// that is for both.
func (e *Event) FormFor(app string) (_ Form, ok bool) {
	for _, apps := range []string{app, "both"} {
		for _, f := range e.Forms {
			if f.Apps == apps && (apps == app || app != "provider") {
				return f, true
			}
		}
	}
	return Form{}, false
}
