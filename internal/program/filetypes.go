package program

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// list is a string or an array of strings.
type list []string

func (l *list) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		var one string
		err := json.Unmarshal(data, &one)
		*l = list{one}
		return err
	}
	return json.Unmarshal(data, (*[]string)(l))
}

// table is an object of lists.
type table map[string]list

// UnmarshalJSON refuses names that occur twice, of which encoding/json would keep the last.
func (t *table) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil // as anywhere else in the file
	}
	given, err := members(data)
	if err != nil {
		return err
	}
	*t = make(table, len(given))
	for _, m := range given {
		var values list
		if err := json.Unmarshal(m.value, &values); err != nil {
			return err
		}
		(*t)[m.key] = values
	}
	return nil
}

func (t table) values() url.Values {
	values := make(url.Values, len(t))
	for key, list := range t {
		values[key] = list
	}
	return values
}

// header takes names and values as they are: the library judges them. Names that differ in case alone are the same.
func (t table) header() (http.Header, error) {
	header := make(http.Header, len(t))
	for _, given := range sorted(t) {
		name := http.CanonicalHeaderKey(given)
		if _, ok := header[name]; ok {
			return nil, ofLists(occursTwice(name))
		}
		header[name] = t[given]
	}
	return header, nil
}

// ofLists says how to give a name many values.
func ofLists(err occursTwice) error { return fmt.Errorf("%w: give all its values in one array", err) }

// duration is a string like "30s".
type duration time.Duration

func (d *duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	parsed, err := time.ParseDuration(text)
	*d = duration(parsed)
	return err
}

// wrongValue says what a value should have been, and nothing of what it is.
func wrongValue(target any, err error) error {
	if twice := occursTwice(""); errors.As(err, &twice) {
		return ofLists(twice)
	}
	switch target.(type) {
	case *list:
		return errors.New("must be a string or an array of strings")
	case *table:
		return errors.New("must be an object of strings or arrays of strings")
	case *bool:
		return errors.New(mustBeBool)
	case **duration:
		return errors.New(mustBeDuration)
	}
	return errors.New("must be a string")
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
