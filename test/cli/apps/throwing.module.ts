throw new Error('no database at postgres://shop:hunter2@db.test/shop\nand more');
export {};
