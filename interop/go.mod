module github.com/alf-go/alf/interop

go 1.26.0

require github.com/alf-go/alf v0.0.0

replace github.com/alf-go/alf => ../
