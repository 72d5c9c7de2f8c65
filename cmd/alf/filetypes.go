package main

import (
	"bytes"
	"encoding/json"
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

func (t table) values() url.Values {
	values := make(url.Values, len(t))
	for key, list := range t {
		values[key] = list
	}
	return values
}

// header reads the table as one.
func (t table) header(what string) (http.Header, error) {
	header := make(http.Header)
	for _, name := range sorted(t) {
		for _, value := range t[name] {
			one, err := parseHeaders(what, []string{name + ": " + value})
			if err != nil {
				return nil, err
			}
			for name, values := range one {
				header[name] = append(header[name], values...)
			}
		}
	}
	return header, nil
}

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

// kindOf says what a value should have been, and nothing of what it is.
func kindOf(target any) string {
	switch target.(type) {
	case *list:
		return `must be a string or an array of strings`
	case *table:
		return `must be an object of strings or arrays of strings`
	case *bool:
		return mustBeBool
	case **duration:
		return mustBeDuration
	}
	return `must be a string`
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
