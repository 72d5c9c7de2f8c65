package filestore

const bootName = "kern.boot_id"
